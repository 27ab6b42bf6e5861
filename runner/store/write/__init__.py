"""Transactions that add, change or delete rows."""
