"""Sweeps with configurations that are bad for a known reason, and what following the advice on them gains."""
