"""The connection to SQLite or PostgreSQL, with everything in which the two differ."""
