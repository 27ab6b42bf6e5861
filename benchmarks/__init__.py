"""Benchmarks of fitgap against its peers, measured in the same run. See `python -m benchmarks --help`."""
