"""Export of sweeps to Optuna studies and MLflow experiments, through the APIs of these programs."""
