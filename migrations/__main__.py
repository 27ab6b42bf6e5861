"""`python -m fitgap.migrations`, after adding one: writes down which tables they make, for new SQLite files."""

import tempfile
from pathlib import Path

from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.store.schema import create
from fitgap.runner.store.schema.migrate import alone, run_migrations
from fitgap.runner.store.schema.version import FOLDER


def newest_tables() -> str:
    """What the migrations make of an empty SQLite file, as statements."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(database_url(str(Path(folder) / "new.db")), read_only=False)
        try:
            with alone(engine) as connection:
                run_migrations(connection)
                return create.as_file(connection)
        finally:
            engine.dispose()


if __name__ == "__main__":
    (FOLDER / create.FILE).write_text(newest_tables())
