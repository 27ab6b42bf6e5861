"""Queries that compare the trials of a sweep."""
