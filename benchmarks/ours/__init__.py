"""Measurements of fitgap itself. All knowledge of its internals is here, not in the tables."""
