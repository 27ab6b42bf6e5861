"""Columns of a table: their types, what is done with them, and how they become inputs and targets."""
