"""Sweeps in which it is known what is wrong with every configuration."""
