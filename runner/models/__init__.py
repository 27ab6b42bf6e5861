"""Trained networks as models: of trials, in files, in other formats; and their predictions."""
