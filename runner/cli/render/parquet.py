"""Answers as Parquet files. Polars, which is slow to load, is imported only here."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fitgap.runner.frames.types import EPOCH_TYPES, frame_of, group_frame, setting_types
from fitgap.runner.store import Row, Store
from polars.io.plugins import register_io_source

# Rows per row group, which readers load as a whole.
GROUP_ROWS = 250_000


def write_rows(rows: Iterable[Row], keys: Sequence[str], path: Path) -> None:
    """Write the rows of an answer with these keys."""
    frame = frame_of(list(rows), keys, setting_types(keys))
    with as_os_error(), target_of(path) as target:
        frame.write_parquet(target)


def write_groups(rows: Iterable[Row], keys: Sequence[str], path: Path) -> None:
    """Write groups of trials with these keys."""
    frame = group_frame([{key: row[key] for key in keys} for row in rows], keys, "best_e_v").select(keys)
    with as_os_error(), target_of(path) as target:
        frame.write_parquet(target)


def write_epochs(
    store: Store, sweep: str, path: Path, *, where: str | None = None, keys: Sequence[str] = tuple(EPOCH_TYPES)
) -> int:
    """Write all epochs of a sweep, or of the trials that match a filter; returns their number."""
    return write_blocks(store.epoch_blocks(sweep, where), keys, path)


def write_blocks(blocks: Iterable[Mapping[str, np.ndarray]], keys: Sequence[str], path: Path) -> int:
    """Write epochs as they arrive, never holding all in memory; returns their number."""
    types: Any = {key: EPOCH_TYPES[key] for key in keys}
    count = 0
    broken_off: list[Exception] = []

    def frames(columns: Any, predicate: Any, row_limit: Any, batch_size: Any) -> Iterator[pl.DataFrame]:
        nonlocal count
        try:
            for block in blocks:
                frame = pl.DataFrame({key: block[key] for key in keys}).cast(types)
                count += len(frame)
                yield frame.with_columns(pl.col(pl.Float64).fill_nan(None))
        except Exception as error:
            broken_off.append(error)
            raise

    with as_os_error(broken_off), target_of(path) as target:
        register_io_source(frames, schema=types).sink_parquet(target, row_group_size=GROUP_ROWS)
    return count


@contextlib.contextmanager
def target_of(path: Path) -> Iterator[Any]:
    """A target that Polars can write to: the path, or the open file if the path is not valid UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with path.open("wb") as file:
            yield file
    else:
        yield path


@contextlib.contextmanager
def as_os_error(broken_off: Sequence[Exception] = ()) -> Iterator[None]:
    """Turn Polars' error for a file that cannot be written into an OSError.

    `broken_off` holds the error raised while producing the rows, if any: older versions of Polars hide it in their own.
    """
    try:
        yield
    except pl.exceptions.ComputeError as error:
        if broken_off:
            raise broken_off[0] from None
        raise OSError(str(error).splitlines()[0]) from None
