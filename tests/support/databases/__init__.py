"""Databases, a PostgreSQL server, and rows as they are stored."""
