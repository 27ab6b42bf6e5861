"""Creation of the tables in a new database, from generated statements instead of running all migrations.

Loading Alembic and running the migrations takes 0.2 s or more, most of the run time of a small sweep. `python -m
fitgap.migrations` generates the statements; do not edit them by hand. Tests compare them with the result of the
migrations.
"""

import sqlalchemy as sa
from fitgap.runner.store.schema import version
from fitgap.runner.store.schema.version import VERSION_TABLE, newest_version
from sqlalchemy.engine import Connection

# By database.
FILES = {"sqlite": "newest_sqlite.sql", "postgresql": "newest_postgresql.sql"}
# The first line of the file, and the separator of its statements.
HEAD, END = "-- schema {}\n\n", ";\n\n"


def kept_statements(database: str) -> list[str]:
    """The statements that create the newest tables; none if the file is for another schema version."""
    path = version.FOLDER / FILES[database]
    text = path.read_text() if path.exists() else ""
    head = HEAD.format(newest_version())
    return text.removeprefix(head).split(END)[:-1] if text.startswith(head) else []


def make_tables(connection: Connection, statements: list[str]) -> None:
    """Create the tables in an empty database, and record the schema version."""
    for statement in statements:
        connection.exec_driver_sql(statement)
    version_table = sa.table(VERSION_TABLE, sa.column("version_num"))
    connection.execute(sa.insert(version_table).values(version_num=newest_version()))


def as_file(statements: list[str]) -> str:
    """The text of the file with these statements."""
    return HEAD.format(newest_version()) + "".join(f"{statement.strip()}{END}" for statement in statements)
