"""`python -m fitgap.migrations`, after adding one: writes down which tables they make, for new SQLite files."""

import tempfile
from pathlib import Path

from fitgap.runner.store import new_tables
from fitgap.runner.store.database import connect, database_url
from fitgap.runner.store.schema import FOLDER
from fitgap.runner.store.upgrading import alone, run_migrations


def newest_tables() -> str:
    """What the migrations make of an empty SQLite file, as statements."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(database_url(str(Path(folder) / "new.db")), read_only=False)
        try:
            with alone(engine) as connection:
                run_migrations(connection)
                return new_tables.as_file(connection)
        finally:
            engine.dispose()


if __name__ == "__main__":
    (FOLDER / new_tables.FILE).write_text(newest_tables())
