"""Comparisons of the trials of a sweep: groups, importance of settings, diagnosis."""
