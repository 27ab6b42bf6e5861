"""Reader of Parquet files.

Run as a program, this module only tries to read a file. Some damaged files make polars crash its process or print to
standard error, so the first read happens in a separate process. The memory of that process is limited, because a file
does not state how much memory its text takes.
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
from fitgap.core.datasets import Dataset
from fitgap.runner.data.bounds import (
    MEGABYTE,
    MOST_TABLE_COLUMNS,
    VALUE_BYTES,
    check_growth,
    check_width,
    most_bytes,
    trial_error,
)
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.data.handling import Handling
from fitgap.runner.data.raw_table import Table, plain_column
from fitgap.runner.data.table_datasets import dataset_from_table
from fitgap.runner.errors import DataError

PROGRAM = "fitgap.runner.data.formats.parquet_files"
MARK = b"PAR1"
# The working memory of polars itself.
WORKING_BYTES = 512 * MEGABYTE
# The message of polars when it runs out of memory. Only damaged files request more than the address space.
OUT_OF_MEMORY = re.compile(rb"memory allocation of (\d+) bytes failed")
MOST_ADDRESSES = 2**47


def load_parquet(source: str, content: bytes, target: Sequence[str], handling: Handling) -> Dataset:
    """The examples in a Parquet file. Raises DataError for an invalid file."""
    return dataset_from_table(read_parquet(source, content), target, handling)


def read_parquet(source: str, content: bytes) -> Table:
    """The stored table, with row numbers from 1 as positions; DataError if the file is damaged."""
    if not (content.startswith(MARK) and content.endswith(MARK)):
        rule = "this is not a complete Parquet file, which starts and ends with PAR1; write or copy it again"
        raise file_error(source, rule)
    check_in_subprocess(source, content)
    frame = polars.read_parquet(BytesIO(content))
    return Table(source, frame.select(plain_column(column) for column in frame), lambda row: f"row {row + 1}")


def check_in_subprocess(source: str, content: bytes) -> None:
    """Raise DataError if a separate process rejects the file, or crashes on it."""
    # -P keeps files in the current folder from shadowing modules.
    command = [sys.executable, "-P", "-m", PROGRAM, source]
    # Every thread of polars takes part of the limited address space.
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
    """Why the process failed: the last line of its traceback, without the exception type."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    # A negative code is the signal that killed the process.
    if done.returncode < 0 or not lines:
        return "it crashes the reader"
    return visible(re.sub(r"^[\w.]+: ", "", lines[-1]), longest=200)


def try_reading(source: str, content: bytes) -> None:
    """Read a file and discard the result; DataError, based on its metadata, if it is not a flat table or too large."""
    limit_memory(most_bytes(len(content)) + WORKING_BYTES)
    kinds = polars.read_parquet_schema(BytesIO(content))
    check_width(source, len(kinds), MOST_TABLE_COLUMNS)
    for name, kind in kinds.items():
        # One row of a nested column can hold any number of values.
        if kind.is_nested():
            rule = f"column '{visible(name)}' holds {visible(kind)}, but must hold numbers, text or booleans"
            raise file_error(source, f"{rule}; convert or remove it")
    rows = polars.scan_parquet(BytesIO(content)).select(polars.len()).collect().item()
    check_growth(source, rows * len(kinds) * VALUE_BYTES, len(content))
    frame = polars.read_parquet(BytesIO(content))
    check_growth(source, sum(map(text_bytes, frame)), len(content))


def limit_memory(more: int) -> None:
    """Limit the address space of this process to `more` bytes above its current size."""
    with contextlib.suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = taken + more if most == resource.RLIM_INFINITY else min(taken + more, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def text_bytes(column: polars.Series) -> int:
    """The total size of a column's text, counting every occurrence (polars stores repeated text only once)."""
    if column.dtype == polars.Binary:
        return int(column.bin.size().sum() or 0)
    if column.dtype in (polars.Categorical, polars.Enum):
        column = column.cast(polars.String)
    return int(column.str.len_bytes().cast(polars.Int64).sum() or 0) if column.dtype == polars.String else 0


def main(source: str) -> None:
    """The program: reads the file from standard input and prints the reason if it is rejected."""
    try:
        try_reading(source, sys.stdin.buffer.read())
    except DataError as error:
        sys.stdout.buffer.write(str(error).encode())
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
