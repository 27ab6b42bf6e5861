"""The reference pages that are written by the program itself: commands, variants, columns and keys, Python API."""
