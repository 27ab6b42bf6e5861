"""Checks against malicious SQLite schemas: views, triggers, virtual tables and computed columns.

A database may come from an untrusted source. A trigger would run for every row that fitgap writes. A view or a virtual
table in place of a fitgap table would run for every query.
"""

import os

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.schema.tables import metadata
from sqlalchemy.engine import Connection

# Users set this to 1 if they created triggers or views themselves, such as an audit log.
ALLOWED = "FITGAP_ALLOW_TRIGGERS"
SCHEMA = sa.text("SELECT type, name, sql FROM sqlite_master ORDER BY rowid")
COLUMNS = sa.text(
    "SELECT m.name, x.name, x.hidden FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS x "
    "WHERE m.type = 'table'"
)


def refuse_planted(connection: Connection) -> None:
    """Raise StoreError for a schema with elements that fitgap never creates."""
    for kind, name, statement in connection.execute(SCHEMA):
        if kind in ("view", "trigger") and (name in metadata.tables or os.environ.get(ALLOWED) != "1"):
            raise StoreError(
                f"the database has a {kind} {name!r}, which fitgap did not create and does not run; "
                f"remove it, or set {ALLOWED}=1 if you created it yourself"
            )
        if kind == "table" and str(statement).upper().startswith("CREATE VIRTUAL"):
            raise StoreError(f"the database has a virtual table {name!r}, which fitgap did not create; remove it")


def refuse_other_columns(connection: Connection) -> None:
    """Raise StoreError if a table or column of the newest schema is missing."""
    found: dict[str, set[str]] = {}
    for table, column, hidden in connection.execute(COLUMNS):
        # Computed columns are hidden. They do not count, because their values are not what was written.
        found.setdefault(table, set()).update([] if hidden else [column])
    for table in metadata.sorted_tables:
        missing = {column.name for column in table.columns} - found.get(table.name, set())
        if missing:
            name = f"{table.name}.{min(missing)}" if table.name in found else table.name
            raise StoreError(
                f"the database lacks {name}, so it is damaged or was not created by fitgap; restore a backup"
            )
