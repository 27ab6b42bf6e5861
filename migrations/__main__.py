"""`python -m fitgap.migrations`: rewrites the schema files for new databases. Run it after adding a migration."""

import io
import tempfile
from pathlib import Path

from alembic import command
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema.create import FILES, as_file
from fitgap.runner.store.schema.migrate import exclusive_transaction, migrations_config, run_migrations
from fitgap.runner.store.schema.version import FOLDER


def sqlite_statements() -> list[str]:
    """The statements of the tables that the migrations create in an SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(database_url(str(Path(folder) / "new.db")), read_only=False)
        try:
            with exclusive_transaction(engine) as connection:
                run_migrations(connection)
                query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
                return list(connection.exec_driver_sql(query).scalars())
        finally:
            engine.dispose()


def postgresql_statements() -> list[str]:
    """The statements of the migrations on PostgreSQL, except those that change rows: a new database has none yet."""
    config = migrations_config()
    config.output_buffer = io.StringIO()
    command.upgrade(config, "head", sql=True)
    lines = [line for line in config.output_buffer.getvalue().splitlines() if not line.startswith("--")]
    statements = [each.strip() for each in "\n".join(lines).split(";\n")]
    return [each for each in statements if each.startswith(("CREATE", "ALTER", "DROP"))]


# By database.
STATEMENTS = {"sqlite": sqlite_statements, "postgresql": postgresql_statements}

if __name__ == "__main__":
    for database, statements in STATEMENTS.items():
        (FOLDER / FILES[database]).write_text(as_file(statements()))
