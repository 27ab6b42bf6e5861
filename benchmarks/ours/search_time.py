"""How long `fitgap run FILE` takes until a search has found a configuration that is good enough."""

import secrets
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ours.command import DATABASE, command_line
from benchmarks.search_space import search_file, write_examples

REACHED = "SELECT min(ended), (SELECT min(started) FROM trial) FROM trial WHERE best_e_v <= ? AND status = 'completed'"
POLL_SECONDS = 0.1
ENDED, INTERRUPTED = 0, 130


def time_search(
    search: dict[str, Any], rule: dict[str, Any], wanted: float, limit: float, workers: int
) -> dict[str, float]:
    """Seconds until a trial with an E_v of at most `wanted` is completed in the database; the limit if none is.

    `seconds` counts from starting the process, `searching` from the first trial. Every call has another seed.
    """
    seed = secrets.randbelow(2**31)
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        write_examples(Path(folder))
        line = command_line(search_file(search, rule, seed), folder, workers)
        start = time.time()
        # Standard output is reserved for the figures.
        with subprocess.Popen(line, cwd=folder, stdout=2) as running:
            while running.poll() is None and time.time() - start < limit and not reached(folder, wanted):
                time.sleep(POLL_SECONDS)
            running.send_signal(signal.SIGINT)
        if running.returncode not in (ENDED, INTERRUPTED):
            raise RuntimeError(f"the command exited with code {running.returncode}")
        found, first = reached(folder, wanted) or (float("inf"), start)
    return {"seconds": min(limit, found - start), "searching": min(limit, found - first), "seed": seed}


def reached(folder: str, wanted: float) -> tuple[float, float] | None:
    """When the first such trial ended, and when the first of all trials began; None if there is none yet."""
    try:
        with closing(sqlite3.connect(f"{(Path(folder) / DATABASE).as_uri()}?mode=ro", uri=True)) as connection:
            found, first = connection.execute(REACHED, (wanted,)).fetchone()
    except sqlite3.Error:
        # The database does not exist yet.
        return None
    return None if found is None else (found, first)
