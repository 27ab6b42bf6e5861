"""Random sweeps, and sweeps that are broken or wrong."""
