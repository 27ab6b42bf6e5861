"""Measurements of the command `fitgap run FILE` in its own process, as a user starts it."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

COMMAND = "from fitgap.runner.cli.main import main; main()"
FILE, DATABASE = "sweep.yaml", "sweep.db"
POLL_SECONDS = 0.005


def time_first_epoch(sweep: str, workers: int) -> dict[str, float]:
    """Seconds from starting the command in an empty folder until another process sees the first epoch."""
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        start = time.time()
        with subprocess.Popen(command_line(sweep, folder, workers), cwd=folder, stdout=subprocess.DEVNULL) as running:
            while running.poll() is None and not has_epochs(Path(folder) / DATABASE):
                time.sleep(POLL_SECONDS)
            seconds = time.time() - start
        if running.returncode:
            raise RuntimeError(f"the command exited with code {running.returncode}")
    return {"seconds": seconds}


def has_epochs(database: Path) -> bool:
    """Whether a database, which may not exist yet, contains an epoch."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM epoch LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False


def command_line(sweep: str, folder: str, workers: int) -> list[str]:
    """Write a sweep file into this folder; returns the command that trains it, with its database there."""
    (Path(folder) / FILE).write_text(sweep)
    return [sys.executable, "-c", COMMAND, "run", FILE, "--db", DATABASE, "--workers", str(workers)]


def time_command(sweep: str, workers: int) -> dict[str, float]:
    """Trials per second, from starting the command to the end of the last trial in the database."""
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        line = command_line(sweep, folder, workers)
        start = time.time()
        # Standard output is reserved for the figures.
        subprocess.run(line, check=True, cwd=folder, stdout=2)
        with closing(sqlite3.connect(Path(folder) / DATABASE)) as connection:
            (ended, count, rows) = connection.execute(
                "SELECT max(ended), count(*), (SELECT count(*) FROM epoch) FROM trial"
            ).fetchone()
    return {"trials": count / (ended - start), "seconds": ended - start, "rows": rows}
