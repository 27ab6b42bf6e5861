"""What somebody may have planted in an SQLite file: views and triggers, and tables that are not what they seem.

A database may come from somebody else. A trigger would run with every row that we write, a view or a virtual table in
the place of one of our tables with every question.
"""

import os

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.schema.tables import metadata
from sqlalchemy.engine import Connection

# Set to 1 by people who have made triggers or views in their own database, such as an audit of what changes.
ALLOWED = "FITGAP_ALLOW_TRIGGERS"
SCHEMA = sa.text("SELECT type, name, sql FROM sqlite_master ORDER BY rowid")
COLUMNS = sa.text(
    "SELECT m.name, x.name, x.hidden FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS x "
    "WHERE m.type = 'table'"
)


def refuse_planted(connection: Connection) -> None:
    """StoreError for a schema with parts that fitgap never makes."""
    for kind, name, statement in connection.execute(SCHEMA):
        if kind in ("view", "trigger") and (name in metadata.tables or os.environ.get(ALLOWED) != "1"):
            raise StoreError(
                f"the database has a {kind} {name!r}, which fitgap did not make and does not run; "
                f"remove it, or set {ALLOWED}=1 if you made it yourself"
            )
        if kind == "table" and str(statement).upper().startswith("CREATE VIRTUAL"):
            raise StoreError(f"the database has a virtual table {name!r}, which fitgap did not make; remove it")


def refuse_other_columns(connection: Connection) -> None:
    """StoreError where the tables of the newest schema are not all there as fitgap makes them."""
    found: dict[str, set[str]] = {}
    for table, column, hidden in connection.execute(COLUMNS):
        # Computed columns are hidden: their values are not what was written.
        found.setdefault(table, set()).update([] if hidden else [column])
    for table in metadata.sorted_tables:
        missing = {column.name for column in table.columns} - found.get(table.name, set())
        if missing:
            name = f"{table.name}.{min(missing)}" if table.name in found else table.name
            raise StoreError(f"the database lacks {name}, so it is damaged or was not made by fitgap; restore a backup")
