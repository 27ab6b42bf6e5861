"""The command itself: `fitgap run FILE` in a process of its own, as a user starts it."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

COMMAND = "from runner.cli import main; main()"


def time_command(sweep: str, workers: int) -> dict[str, float]:
    """Trials a second, from starting the command to the end of the last trial in the database."""
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        file, database = Path(folder) / "sweep.yaml", Path(folder) / "sweep.db"
        file.write_text(sweep)
        flags = ["--db", str(database), "--workers", str(workers)]
        # Standard output is where the figures go.
        start = time.time()
        subprocess.run([sys.executable, "-c", COMMAND, "run", str(file), *flags], check=True, cwd=folder, stdout=2)
        with closing(sqlite3.connect(database)) as connection:
            (ended, count, rows) = connection.execute(
                "SELECT max(ended), count(*), (SELECT count(*) FROM epoch) FROM trial"
            ).fetchone()
    return {"trials": count / (ended - start), "seconds": ended - start, "rows": rows}
