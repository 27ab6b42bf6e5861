"""Generators of the reference pages: commands, variants, columns and keys, Python API."""
