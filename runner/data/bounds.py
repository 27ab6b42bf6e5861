"""Bounds on data files: few bytes can stand for more values than there is memory, and none of them for a data set."""

from fitgap.runner.data.wording import file_error
from fitgap.runner.errors import DataError
from fitgap.runner.system.machine_memory import usable_memory

MEGABYTE = 2**20
MOST_FILE_MEGABYTES = 2048
# What is read takes no more memory than this, or else not so many times as much as the file.
FREE_MEGABYTES = 64
MOST_GROWTH = 200
# polars handles every column by itself, which takes long.
MOST_TABLE_COLUMNS = 10_000
MOST_ARRAY_COLUMNS = 100_000
# Of a number as it is trained on.
VALUE_BYTES = 8
# Inputs of a table exist as columns, as one table, and scaled.
INPUT_COPIES = 3

NO_DATA = "when read, as no data does; if it is meant, store it uncompressed, as CSV or with numpy.savez"
MORE_MEMORY = "end other programs, raise the container's limit, or take fewer rows"


def check_file_size(source: str, size: int) -> None:
    """Raises DataError for a file that is too large to be read into memory."""
    if size > MOST_FILE_MEGABYTES * MEGABYTE:
        rule = f"the file has {size // MEGABYTE:,} MB, but may have at most {MOST_FILE_MEGABYTES:,}"
        raise file_error(source, f"{rule}; take a sample of its rows")
    check_memory(source, size)


def check_growth(source: str, read: int, stored: int) -> None:
    """Raises DataError where a file of `stored` bytes would take `read` bytes of memory, too many times as much."""
    if read > most_growth(stored):
        raise growth_error(source, stored, read)
    check_memory(source, read)


def check_memory(source: str, needed: int) -> None:
    """Raises DataError where this machine or container has not so many bytes of memory left."""
    if needed > FREE_MEGABYTES * MEGABYTE and needed > (left := available_memory()):
        rule = f"the file takes {needed // MEGABYTE:,} MB of memory, but {int(left) // MEGABYTE:,} MB are left here"
        raise file_error(source, f"{rule}; {MORE_MEMORY}")


def most_growth(stored: int) -> int:
    """How much memory a file of so many bytes may take."""
    return max(FREE_MEGABYTES * MEGABYTE, MOST_GROWTH * stored)


def most_bytes(stored: int) -> int:
    """The same, and no more than there is."""
    return int(min(most_growth(stored), available_memory()))


def available_memory() -> float:
    memory = usable_memory()
    return min(memory.available, memory.per_process)


def growth_error(source: str, stored: int, read: int) -> DataError:
    """The error for a file that would take more memory than its size explains."""
    return file_error(source, f"the file would grow from {stored:,} bytes to {read // MEGABYTE:,} MB {NO_DATA}")


def trial_error(source: str, stored: int) -> DataError:
    """The error for a file whose reader on trial has run out of the memory that `most_bytes` gives it."""
    most = most_bytes(stored)
    if most < most_growth(stored):
        rule = f"reading the file takes more than the {most // MEGABYTE:,} MB of memory that are left here"
        return file_error(source, f"{rule}; {MORE_MEMORY}")
    return file_error(
        source, f"the file would grow from {stored:,} bytes to more than {most // MEGABYTE:,} MB {NO_DATA}"
    )


def check_width(source: str, columns: int, most: int) -> None:
    """Raises DataError for too many columns."""
    if columns > most:
        advice = "store the inputs as one array of an NPZ file, or " if most < MOST_ARRAY_COLUMNS else ""
        rule = f"the file has {columns:,} columns, but may have at most {most:,}"
        raise file_error(source, f"{rule}; {advice}choose some of them")
