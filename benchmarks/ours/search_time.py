"""Timing of a search by `fitgap run FILE` until it has found a configuration that is good enough."""

import secrets
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from math import inf, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ours.command import DATABASE, command_line
from benchmarks.search_space import search_file, write_examples

FOUND = "SELECT min(ended) FROM trial WHERE best_e_v <= ? AND status = 'completed'"
BEGUN = "SELECT min(started) FROM trial"
POLL_SECONDS = 0.1
ENDED, INTERRUPTED = 0, 130


def time_search(
    search: dict[str, Any], rule: dict[str, Any], wanted: float, limit: float, workers: int
) -> dict[str, float]:
    """Seconds until a trial with an E_v of at most `wanted` is completed in the database; at most `limit`.

    `seconds` counts from starting the process, `searching` from the first trial. Without such a trial, the search is
    stopped `limit` seconds after its first trial began. Every call uses another seed.
    """
    seed = secrets.randbelow(2**31)
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        write_examples(Path(folder))
        line = command_line(search_file(search, rule, seed), folder, workers)
        start = time.time()
        # Standard output is reserved for the figures.
        with subprocess.Popen(line, cwd=folder, stdout=2) as running:
            while running.poll() is None and not is_over(folder, wanted, limit):
                time.sleep(POLL_SECONDS)
            running.send_signal(signal.SIGINT)
        if running.returncode not in (ENDED, INTERRUPTED):
            raise RuntimeError(f"the command exited with code {running.returncode}")
        found, begun = progress(folder, wanted)
    return {"seconds": min(limit, found - start), "searching": min(limit, found - begun), "seed": seed}


def is_over(folder: str, wanted: float, limit: float) -> bool:
    """Whether a trial is good enough, or `limit` seconds have passed since the first trial began."""
    found, begun = progress(folder, wanted)
    return isfinite(found) or time.time() - begun > limit


def progress(folder: str, wanted: float) -> tuple[float, float]:
    """When the first trial with an E_v of at most `wanted` was completed, and when the first of all trials began;
    infinity for what has not happened yet.
    """
    try:
        with closing(sqlite3.connect(f"{(Path(folder) / DATABASE).as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute(FOUND, (wanted,)).fetchone()
            (begun,) = connection.execute(BEGUN).fetchone()
    except sqlite3.Error:
        # The database does not exist yet.
        return inf, inf
    return inf if found is None else found, inf if begun is None else begun
