"""Bounds on data files: few bytes can stand for more values than there is memory, and none of them for a data set."""

from runner.sources.wording import file_error

MEGABYTE = 2**20
MOST_FILE_MEGABYTES = 2048
# What is read takes no more memory than this, or else not so many times as much as the file.
FREE_MEGABYTES = 64
MOST_GROWTH = 200
# polars handles every column by itself, which takes long.
MOST_TABLE_COLUMNS = 10_000
MOST_ARRAY_COLUMNS = 100_000


def check_file_size(source: str, size: int) -> None:
    """Raises DataError for a file that is too large to be read into memory."""
    if size > MOST_FILE_MEGABYTES * MEGABYTE:
        rule = f"the file has {size // MEGABYTE:,} MB, but may have at most {MOST_FILE_MEGABYTES:,}"
        raise file_error(source, f"{rule}; take a sample of its rows")


def check_growth(source: str, read: int, stored: int) -> None:
    """Raises DataError where a file of `stored` bytes would take `read` bytes of memory, too many times as much."""
    if read > FREE_MEGABYTES * MEGABYTE and read > MOST_GROWTH * stored:
        rule = f"the file would grow from {stored:,} bytes to {read // MEGABYTE:,} MB when read, as no data does"
        raise file_error(source, f"{rule}; if it is meant, store it uncompressed with numpy.savez")


def check_width(source: str, columns: int, most: int) -> None:
    """Raises DataError for too many columns."""
    if columns > most:
        advice = "store the inputs as one array of an NPZ file, or " if most < MOST_ARRAY_COLUMNS else ""
        rule = f"the file has {columns:,} columns, but may have at most {most:,}"
        raise file_error(source, f"{rule}; {advice}choose some of them")
