"""The tables of a new SQLite file: what the migrations make of an empty one, kept as statements beside them.

Loading Alembic and running all migrations takes a fifth of a second, of which a small sweep would be mostly waiting.
`python -m fitgap.migrations` writes the statements, never a person; tests compare them with what the migrations make.
"""

import sqlalchemy as sa
from fitgap.runner.store.schema import version
from fitgap.runner.store.schema.version import VERSION_TABLE, newest_version
from sqlalchemy.engine import Connection

FILE = "newest_sqlite.sql"
# How the file begins, and what its parts are parted by.
HEAD, END = "-- schema {}\n\n", ";\n\n"


def kept_statements() -> list[str]:
    """The statements that make the newest tables; none where the file is of another schema than the newest."""
    path = version.FOLDER / FILE
    text = path.read_text() if path.exists() else ""
    head = HEAD.format(newest_version())
    return text.removeprefix(head).split(END)[:-1] if text.startswith(head) else []


def make_tables(connection: Connection, statements: list[str]) -> None:
    """Make the tables in an empty SQLite file, and say which schema they are of."""
    for statement in statements:
        connection.exec_driver_sql(statement)
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    connection.execute(sa.insert(version_table).values(version_num=newest_version()))


def as_file(connection: Connection) -> str:
    """The text of the file for the tables that there are, which the migrations have just made."""
    made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").scalars()
    return HEAD.format(newest_version()) + "".join(f"{statement.strip()}{END}" for statement in made)
