"""Connections to SQLite and PostgreSQL, and everything in which the two differ."""
