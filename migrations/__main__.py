"""`python -m fitgap.migrations`: rewrites the schema file for new SQLite databases. Run it after adding a migration."""

import tempfile
from pathlib import Path

from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import create
from fitgap.runner.store.schema.migrate import exclusive_transaction, run_migrations
from fitgap.runner.store.schema.version import FOLDER


def newest_tables() -> str:
    """The SQL statements that create the schema which the migrations produce."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(database_url(str(Path(folder) / "new.db")), read_only=False)
        try:
            with exclusive_transaction(engine) as connection:
                run_migrations(connection)
                return create.as_file(connection)
        finally:
            engine.dispose()


if __name__ == "__main__":
    (FOLDER / create.FILE).write_text(newest_tables())
