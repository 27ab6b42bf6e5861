"""Numbers as sweeps stored them."""
