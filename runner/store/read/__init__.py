"""Queries for single sweeps, trials and epochs."""
