"""Sweeps with configurations that are bad for a known reason, and how much following the advice on them helps."""
