"""Long answers: lists of trials and epochs, written row by row or block by block as they arrive."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from fitgap.runner.cli.options.common import BulkFormat, Format
from fitgap.runner.cli.options.output_file import printed_to, written_to
from fitgap.runner.cli.render.formats import asked_keys, print_rows, selected_keys
from fitgap.runner.cli.render.lines import say
from fitgap.runner.cli.render.scores import score_name, with_score_names
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store import EPOCH_KEYS, Row, Store

TABLE_OF_EPOCHS = ("trial", "epoch", "e_t", "e_v", "se_t", "se_v", "e_t_running", "accuracy_t", "accuracy_v")
# Rows shown in a table of epochs; other formats contain all.
TABLE_ROWS = 1_000
Blocks = Iterable[Mapping[str, np.ndarray]]


def write_trials(store: Store, rows: Iterable[Row], kind: BulkFormat, output: Path | None, keys: Sequence[str]) -> None:
    """Write the rows of trials with these keys, in any format except a table."""
    if kind is BulkFormat.PARQUET:
        from fitgap.runner.cli.render.parquet import write_rows

        with written_to(output, store.rights) as path:
            write_rows(rows, keys, path)
    else:
        with printed_to(output, store.rights):
            print_rows(rows, Format(kind), table_keys=keys)


def write_epochs(
    store: Store, what: Sequence[str], where: str | None, kind: BulkFormat, output: Path | None, columns: str | None
) -> None:
    """Write the epochs of the trials with these numbers, and of the matching trials of the sweeps with these names."""
    is_table = kind is BulkFormat.TABLE
    keys = selected_keys(columns, TABLE_OF_EPOCHS if is_table else EPOCH_KEYS)
    if unknown := [key for key in keys if key not in EPOCH_KEYS]:
        raise StoreError(f"--columns: there is no column {unknown[0]!r}; {nearest(unknown[0], EPOCH_KEYS)}")
    blocks = epoch_blocks(store, what, where)
    if kind is BulkFormat.PARQUET:
        from fitgap.runner.cli.render.parquet import write_blocks

        with written_to(output, store.rights) as path:
            write_blocks(blocks, keys, path)
        return
    rows = rows_of(blocks, keys)
    with printed_to(output, store.rights):
        if is_table:
            print_first(rows, keys, target_kind_of(store, what), asked_keys(columns))
        else:
            print_rows(rows, Format(kind), table_keys=keys)


def epoch_blocks(store: Store, what: Sequence[str], where: str | None) -> Blocks:
    """The epochs of trials and sweeps. A number selects a trial; a name selects a sweep."""
    numbers = [int(each) for each in what if each.isdecimal()]
    names = [each for each in what if not each.isdecimal()]
    if where is not None and not names:
        raise StoreError("--where filters the trials of a sweep; name a sweep, not trials")
    trials = [store.epoch_blocks(numbers)] if numbers else []
    return itertools.chain(*trials, *(store.epoch_blocks(name, where) for name in names))


def rows_of(blocks: Blocks, keys: Sequence[str]) -> Iterator[Row]:
    """The rows of blocks with these keys; NaN becomes null."""
    for block in blocks:
        columns = [[None if value != value else value for value in block[key].tolist()] for key in keys]
        for values in zip(*columns, strict=True):
            yield dict(zip(keys, values, strict=True))


def target_kind_of(store: Store, what: Sequence[str]) -> str | None:
    """The kind of the targets of these trials and sweeps; None if it differs."""
    sweeps = {store.show(int(each))["sweep"] if each.isdecimal() else each for each in what}
    kinds = {store.sweep(each)["target_kind"] for each in sweeps}
    return kinds.pop() if len(kinds) == 1 else None


def print_first(rows: Iterator[Row], keys: Sequence[str], target_kind: str | None, asked: Sequence[str]) -> None:
    """Print a table of the first rows, and a note if there are more."""
    first = with_score_names(list(itertools.islice(rows, TABLE_ROWS)), keys, target_kind)
    print_table(*first, kept=[score_name(key, target_kind) for key in asked])
    if next(rows, None) is not None:
        say(f"(the first {TABLE_ROWS:,} epochs; use --format csv, json or parquet for all)")
