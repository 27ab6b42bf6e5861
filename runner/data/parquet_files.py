"""Parquet files.

As a program, this module only tries to read one. Some damaged files make polars end its process, or complain on
standard error, and a process of its own may do both. Nor does a file tell how much memory its text takes, so the memory
of that process is limited.
"""

import contextlib
import os
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import polars
from fitgap.core.data import Dataset
from fitgap.runner.data.bounds import (
    MEGABYTE,
    MOST_TABLE_COLUMNS,
    VALUE_BYTES,
    check_growth,
    check_width,
    most_bytes,
    trial_error,
)
from fitgap.runner.data.column_tables import dataset_from_table
from fitgap.runner.data.columns import Table, plain_column
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.wording import file_error, visible
from fitgap.runner.errors import DataError

PROGRAM = "fitgap.runner.data.parquet_files"
MARK = b"PAR1"
# What polars itself takes: it works in several places at once.
WORKING_BYTES = 512 * MEGABYTE
# How polars ends when no memory is left. What no machine has is asked for only by damaged files.
OUT_OF_MEMORY = re.compile(rb"memory allocation of (\d+) bytes failed")
MOST_ADDRESSES = 2**47


def load_parquet(source: str, content: bytes, target: Sequence[str], handling: Handling) -> Dataset:
    """The examples of a Parquet file. Raises DataError for whatever is wrong with it."""
    return dataset_from_table(read_parquet(source, content), target, handling)


def read_parquet(source: str, content: bytes) -> Table:
    """The table as it is stored, rows counted from 1; DataError when the file is damaged."""
    if not (content.startswith(MARK) and content.endswith(MARK)):
        rule = "this is not a whole Parquet file, which starts and ends with PAR1; write or copy it again"
        raise file_error(source, rule)
    check_by_trial(source, content)
    frame = polars.read_parquet(BytesIO(content))
    return Table(source, frame.select(plain_column(column) for column in frame), lambda row: f"row {row + 1}")


def check_by_trial(source: str, content: bytes) -> None:
    """Raises DataError where a process of its own refuses the file, or breaks down on it."""
    # Without -P a file of the current folder could be taken for a module of ours.
    command = [sys.executable, "-P", "-m", PROGRAM, source]
    # Every thread of polars takes address space, which is limited.
    environment = {**os.environ, "RUST_BACKTRACE": "0", "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(command, input=content, capture_output=True, check=False, env=environment)
    if done.returncode == 0:
        return
    if done.stdout:
        raise DataError(done.stdout.decode())
    wanted = OUT_OF_MEMORY.search(done.stderr)
    if wanted and int(wanted[1]) < MOST_ADDRESSES:
        raise trial_error(source, len(content))
    raise file_error(source, f"the file is damaged ({reason_of(done)}); write or copy it again")


def reason_of(done: "subprocess.CompletedProcess[bytes]") -> str:
    """How the trial ended: by the last line of its traceback without the kind of the error, which comes first."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    # A negative code is the signal that ended it.
    if done.returncode < 0 or not lines:
        return "reading it ends the reader"
    return visible(re.sub(r"^[\w.]+: ", "", lines[-1]), longest=200)


def try_reading(source: str, content: bytes) -> None:
    """Read a file to no purpose; DataError, from what it tells of itself, where it is no table or too large a one."""
    limit_memory(most_bytes(len(content)) + WORKING_BYTES)
    kinds = polars.read_parquet_schema(BytesIO(content))
    check_width(source, len(kinds), MOST_TABLE_COLUMNS)
    for name, kind in kinds.items():
        # One row of these can hold any number of values.
        if kind.is_nested():
            rule = f"column '{visible(name)}' holds {visible(kind)}, but must hold numbers, text or booleans"
            raise file_error(source, f"{rule}; convert or remove it")
    rows = polars.scan_parquet(BytesIO(content)).select(polars.len()).collect().item()
    check_growth(source, rows * len(kinds) * VALUE_BYTES, len(content))
    frame = polars.read_parquet(BytesIO(content))
    check_growth(source, sum(map(text_bytes, frame)), len(content))


def limit_memory(more: int) -> None:
    """Let this process have so many bytes more than it has now; what takes more than that ends it."""
    with contextlib.suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = taken + more if most == resource.RLIM_INFINITY else min(taken + more, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def text_bytes(column: polars.Series) -> int:
    """The bytes of all texts of a column, each counted as often as it occurs: repeated ones are read as one."""
    if column.dtype == polars.Binary:
        return int(column.bin.size().sum() or 0)
    if column.dtype in (polars.Categorical, polars.Enum):
        column = column.cast(polars.String)
    return int(column.str.len_bytes().cast(polars.Int64).sum() or 0) if column.dtype == polars.String else 0


def main(source: str) -> None:
    """The program: reads standard input, and writes why the file is refused, where it is."""
    try:
        try_reading(source, sys.stdin.buffer.read())
    except DataError as error:
        sys.stdout.buffer.write(str(error).encode())
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
