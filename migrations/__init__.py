"""Alembic migrations, the only code that creates or changes tables; run by `fitgap.runner.store.schema.migrate`."""
