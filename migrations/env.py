"""Alembic's entry: runs the migrations on the connection that `runner.store.schema` hands over."""

from alembic import context

from runner.store.schema import VERSION_TABLE
from runner.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # The caller holds the transaction, so that all migrations happen or none.
    transactional_ddl=False,
)
context.run_migrations()
