"""Random filters, and what they must find."""
