"""Benchmarks: fitgap's figures beside those of its peers, measured in one run. `python -m benchmarks --help`."""
