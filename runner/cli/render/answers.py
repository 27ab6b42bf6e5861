"""Answers of commands for the web page and the report: lines in words, and rows in files."""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from fitgap.runner.cli.options.common import BulkFormat
from fitgap.runner.cli.options.output_file import written_to
from fitgap.runner.cli.render.diagnosis_page import print_trial_diagnosis
from fitgap.runner.cli.render.lines import collected_lines
from fitgap.runner.cli.render.long_answers import write_epochs, write_trials
from fitgap.runner.cli.render.parquet import write_groups
from fitgap.runner.cli.render.sweep_diagnosis_page import print_sweep_diagnosis
from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
from fitgap.runner.store import EPOCH_KEYS, Row, Store

# Files are written through standard output, which all threads share.
WRITING = threading.Lock()


def sweep_answer(store: Store, sweep: str) -> list[str]:
    """What `fitgap diagnose` says about a sweep, one line per paragraph."""
    found = diagnose_sweep(store, sweep)
    with collected_lines() as lines:
        print_sweep_diagnosis(found)
    return lines


def trial_answer(store: Store, trial: int) -> list[str]:
    """What `fitgap diagnose` says about a trial, one line per paragraph."""
    found = diagnose_trial(store, trial)
    with collected_lines() as lines:
        print_trial_diagnosis(found, with_curve=False)
    return lines


def write_rows_file(store: Store, rows: Iterable[Row], keys: Sequence[str], kind: str, path: Path) -> None:
    """Write rows with these keys to a file; `kind` is `csv`, `json` or `parquet`."""
    with WRITING:
        write_trials(store, rows, BulkFormat(kind), path, keys)


def write_groups_file(store: Store, rows: Iterable[Row], keys: Sequence[str], kind: str, path: Path) -> None:
    """Write groups of trials with these keys to a file; `kind` is `csv`, `json` or `parquet`."""
    if kind == BulkFormat.PARQUET:
        with written_to(path, store.rights) as place:
            write_groups(rows, keys, place)
    else:
        write_rows_file(store, rows, keys, kind, path)


def write_epochs_file(store: Store, what: Sequence[str], where: str | None, kind: str, path: Path) -> None:
    """Write the epochs of trials, given by their numbers, or of sweeps, given by their names, to a file."""
    with WRITING:
        write_epochs(store, what, where, BulkFormat(kind), path, ",".join(EPOCH_KEYS))
