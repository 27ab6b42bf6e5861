"""Data files that are broken or wrong."""
