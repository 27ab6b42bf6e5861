"""`python -m migrations`, after adding one: writes down which tables they make, for new SQLite files."""

import tempfile
from pathlib import Path

from runner.store import new_tables
from runner.store.database import connect, database_url
from runner.store.schema import FOLDER
from runner.store.upgrading import alone, run_migrations


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
