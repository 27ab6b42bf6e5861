"""The experiment runner: sweeps, engines, store, answers and commands."""
