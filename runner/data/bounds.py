"""Limits on data files. A small file can expand to more values than fit in memory, which no real data set does."""

from fitgap.runner.data.error_texts import file_error
from fitgap.runner.errors import DataError
from fitgap.runner.system.machine_memory import usable_memory

MEGABYTE = 2**20
MOST_FILE_MEGABYTES = 2048
# The content of a file may take this much memory, or this many times the size of the file, whichever is more.
FREE_MEGABYTES = 64
MOST_GROWTH = 200
# polars processes columns one by one, which makes tables with very many columns slow.
MOST_TABLE_COLUMNS = 10_000
MOST_ARRAY_COLUMNS = 100_000
# The size of a float64.
VALUE_BYTES = 8
# The inputs of a table are in memory three times: as columns, as one array, and scaled.
INPUT_COPIES = 3

NO_DATA = "when read, far more than real data; if this is intended, store it uncompressed, as CSV or with numpy.savez"
MORE_MEMORY = "end other programs, raise the container's limit, or use fewer rows"


def check_file_size(source: str, size: int) -> None:
    """Raise DataError for a file that is too large to be read into memory."""
    if size > MOST_FILE_MEGABYTES * MEGABYTE:
        rule = f"the file has {size // MEGABYTE:,} MB, but may have at most {MOST_FILE_MEGABYTES:,}"
        raise file_error(source, f"{rule}; use a sample of its rows")
    check_memory(source, size)


def check_growth(source: str, read: int, stored: int) -> None:
    """Raise DataError if a file of `stored` bytes would expand to `read` bytes, more than real data does."""
    if read > most_growth(stored):
        raise growth_error(source, stored, read)
    check_memory(source, read)


def check_memory(source: str, needed: int) -> None:
    """Raise DataError if fewer than `needed` bytes of memory are available on this machine or in this container."""
    if needed > FREE_MEGABYTES * MEGABYTE and needed > (left := available_memory()):
        rule = (
            f"the file needs {needed // MEGABYTE:,} MB of memory, but only {int(left) // MEGABYTE:,} MB are available"
        )
        raise file_error(source, f"{rule}; {MORE_MEMORY}")


def most_growth(stored: int) -> int:
    """The largest size in memory that is plausible for a file of `stored` bytes."""
    return max(FREE_MEGABYTES * MEGABYTE, MOST_GROWTH * stored)


def most_bytes(stored: int) -> int:
    """The same size as `most_growth`, limited to the available memory."""
    return int(min(most_growth(stored), available_memory()))


def available_memory() -> float:
    memory = usable_memory()
    return min(memory.available, memory.per_process)


def growth_error(source: str, stored: int, read: int) -> DataError:
    """The error for a file that would expand implausibly."""
    return file_error(source, f"the file would grow from {stored:,} bytes to {read // MEGABYTE:,} MB {NO_DATA}")


def trial_error(source: str, stored: int) -> DataError:
    """The error for a file whose trial read has exceeded its memory limit, `most_bytes`."""
    most = most_bytes(stored)
    if most < most_growth(stored):
        rule = f"reading the file takes more than the available {most // MEGABYTE:,} MB of memory"
        return file_error(source, f"{rule}; {MORE_MEMORY}")
    return file_error(
        source, f"the file would grow from {stored:,} bytes to more than {most // MEGABYTE:,} MB {NO_DATA}"
    )


def check_width(source: str, columns: int, most: int) -> None:
    """Raise DataError for too many columns."""
    if columns > most:
        advice = "store the inputs as one array of an NPZ file, or " if most < MOST_ARRAY_COLUMNS else ""
        rule = f"the file has {columns:,} columns, but may have at most {most:,}"
        raise file_error(source, f"{rule}; {advice}choose some of them")
