"""Sweeps for people who already look elsewhere: sent to an Optuna study or to MLflow, each by its own API."""
