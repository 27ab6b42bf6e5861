"""Random filters, and the trials they should find."""
