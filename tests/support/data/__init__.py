"""Data files for tests: broken, wrong, and found in the wild."""
