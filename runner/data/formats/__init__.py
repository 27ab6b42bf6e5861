"""Readers of the file formats: from the bytes of a file to a table or to arrays."""
