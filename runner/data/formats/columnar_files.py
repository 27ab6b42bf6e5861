"""Reader of Parquet and Arrow (Feather) files.

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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars
from fitgap.runner.data.bounds import (
    MEGABYTE,
    MOST_TABLE_COLUMNS,
    VALUE_BYTES,
    check_growth,
    check_width,
    most_bytes,
    trial_error,
)
from fitgap.runner.data.columns.raw_table import Table, plain_column
from fitgap.runner.data.error_texts import file_error, visible
from fitgap.runner.errors import DataError

PROGRAM = "fitgap.runner.data.formats.columnar_files"
# The working memory of polars itself.
WORKING_BYTES = 512 * MEGABYTE
# The message of polars when it runs out of memory. Only damaged files request more than the address space.
OUT_OF_MEMORY = re.compile(rb"memory allocation of (\d+) bytes failed")
MOST_ADDRESSES = 2**47


@dataclass(frozen=True)
class ColumnarFormat:
    """A columnar format: the marks at the start and end of its files, and how polars reads it."""

    name: str
    start: bytes
    end: bytes
    schema: Callable[[BytesIO], Mapping[str, polars.DataType]]
    count: Callable[[BytesIO], int]
    read: Callable[[BytesIO], polars.DataFrame]

    def is_complete(self, content: bytes) -> bool:
        return content.startswith(self.start) and content.endswith(self.end)


def rows_of(scan: polars.LazyFrame) -> int:
    return int(scan.select(polars.len()).collect().item())


FORMATS = {
    each.name: each
    for each in (
        ColumnarFormat(
            "Parquet",
            b"PAR1",
            b"PAR1",
            polars.read_parquet_schema,
            lambda file: rows_of(polars.scan_parquet(file)),
            polars.read_parquet,
        ),
        ColumnarFormat(
            "Arrow",
            b"ARROW1",
            b"ARROW1",
            polars.read_ipc_schema,
            lambda file: rows_of(polars.scan_ipc(file)),
            polars.read_ipc,
        ),
    )
}


def read_columnar(source: str, content: bytes, name: str = "Parquet") -> Table:
    """The stored table, with row numbers from 1 as positions; DataError if the file is damaged."""
    kind = FORMATS[name]
    if not kind.is_complete(content):
        rule = f"this is not a complete {name} file, which starts and ends with {kind.end.decode()}"
        raise file_error(source, f"{rule}; write or copy it again")
    check_in_subprocess(source, content, name)
    frame = kind.read(BytesIO(content))
    return Table(source, frame.select(plain_column(column) for column in frame), lambda row: f"row {row + 1}")


def check_in_subprocess(source: str, content: bytes, name: str) -> None:
    """Raise DataError if a separate process rejects the file, or crashes on it."""
    # -P keeps files in the current folder from shadowing modules.
    command = [sys.executable, "-P", "-m", PROGRAM, source, name]
    # Every polars thread uses up some of the limited address space.
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


def try_reading(source: str, content: bytes, kind: ColumnarFormat) -> None:
    """Read a file and discard the result; DataError, based on its metadata, if it is not a flat table or too large."""
    limit_memory(most_bytes(len(content)) + WORKING_BYTES)
    types = kind.schema(BytesIO(content))
    check_width(source, len(types), MOST_TABLE_COLUMNS)
    for name, dtype in types.items():
        # One row of a nested column can hold any number of values.
        if dtype.is_nested():
            rule = f"column '{visible(name)}' holds {visible(dtype)}, but must hold numbers, text or booleans"
            raise file_error(source, f"{rule}; convert or remove it")
    check_growth(source, kind.count(BytesIO(content)) * len(types) * VALUE_BYTES, len(content))
    frame = kind.read(BytesIO(content))
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


def main(source: str, name: str) -> None:
    """The program: reads the file from standard input and prints the reason if it is rejected."""
    try:
        try_reading(source, sys.stdin.buffer.read(), FORMATS[name])
    except DataError as error:
        sys.stdout.buffer.write(str(error).encode())
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
