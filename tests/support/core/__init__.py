"""Random packs, and reference implementations of training."""
