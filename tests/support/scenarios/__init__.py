"""Sweeps in which the right verdict on every configuration is known."""
