"""The functions that answer requests to each address."""
