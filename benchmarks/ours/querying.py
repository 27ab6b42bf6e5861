"""Timing of queries to a store of synthetic trials, inside this process, with a warm database."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from fitgap.runner.errors import StoreError
from fitgap.runner.store import Store, open_store
from fitgap.runner.store.read.epoch_columns import Columns
from fitgap.runner.store.read.reader_process import ReaderProcess

from benchmarks.made_store import NAME, fill_store
from benchmarks.ours.planning import largest_memory

EPOCHS = 100
ANSWERS = 7
CURVES = 20
# The leaderboard: its filter, which includes the fit of each trial, its sort key, and its length.
WHERE = "e_v < 0.3 and (activation == 'relu' or optimizer.rate >= 1e-2) and underfit < 0.2"
BEST, HOW_MANY = "best_e_v", 20
AXES = ("activation", "optimizer")


def ask(database: str, question: str, size: str) -> dict[str, float]:
    """The median time of a query in milliseconds."""
    make_if_missing(database, size)
    with open_store(database) as store:
        answer = QUESTIONS[question](store)
        times = [timed(answer) for _ in range(1 + ANSWERS)][1:]
    return {"milliseconds": 1e3 * median(times)}


def export(database: str, size: str) -> dict[str, float]:
    """Rows per second of an export of all epochs to Parquet by the command's own function, and the peak memory of this
    process and its helper process together, in MB.
    """
    from fitgap.runner.cli.render.parquet import write_epochs

    make_if_missing(database, size)
    largest, next_part = 0, ReaderProcess.next_part

    def note_memory(reader: ReaderProcess) -> Columns | None:
        nonlocal largest
        found = next_part(reader)
        # After sending everything, the helper process exits, and its memory can no longer be read.
        with contextlib.suppress(KeyError, FileNotFoundError):
            largest = max(largest, largest_memory(reader.process.pid))
        return found

    with (
        open_store(database) as store,
        TemporaryDirectory(prefix="fitgap-benchmark-") as folder,
        patch.object(ReaderProcess, "next_part", note_memory),
    ):
        start = time.perf_counter()
        rows = write_epochs(store, NAME, Path(folder) / "epochs.parquet")
        seconds = time.perf_counter() - start
    return {"rows": rows / seconds, "megabytes": (largest_memory() + largest) / 1e6}


def make_if_missing(database: str, size: str) -> None:
    """Fill the database unless another job has done so."""
    try:
        with open_store(database) as store:
            store.sweep(NAME)
    except StoreError:
        fill_store(database, epochs=EPOCHS, size=size)


def timed(answer: Callable[[], Any]) -> float:
    start = time.perf_counter()
    found = answer()
    seconds = time.perf_counter() - start
    assert found, "the made-up store has no answer"
    return seconds


def leaderboard(store: Store) -> Callable[[], Any]:
    return lambda: store.trials(NAME, where=WHERE, sort=BEST, limit=HOW_MANY)


def groups(store: Store) -> Callable[[], Any]:
    return lambda: store.compare(NAME, AXES)


def curves(store: Store) -> Callable[[], Any]:
    best = [row["trial"] for row in store.trials(NAME, sort=BEST, limit=CURVES)]
    return lambda: store.epochs(best)


QUESTIONS = {"leaderboard": leaderboard, "compare": groups, "curves": curves}
