"""Alembic's entry point: runs the migrations on the connection passed by `fitgap.runner.store.schema.migrate`.

Without a database, it writes the statements for PostgreSQL (`python -m fitgap.migrations`).
"""

from alembic import context
from fitgap.runner.store.schema.tables import metadata
from fitgap.runner.store.schema.version import VERSION_TABLE
from sqlalchemy.engine import Connection


def configure(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one():
        # SQLite rebuilds a table by dropping it, which would cascade to all rows that refer to its rows.
        raise RuntimeError("foreign keys must be off while tables are altered")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        # The caller holds the transaction, so that either all migrations are applied or none.
        transactional_ddl=False,
    )


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", version_table=VERSION_TABLE)
else:
    configure(context.config.attributes["connection"])
context.run_migrations()
