"""Alembic migrations: the only thing that makes or changes tables. Run by `fitgap.runner.store.schema.version`."""
