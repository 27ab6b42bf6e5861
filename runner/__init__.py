"""The experiment runner: sweeps, engines, store, analyses and commands."""
