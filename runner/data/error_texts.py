"""Wording of errors about data: naming the file, and making text from it short and printable."""

from collections.abc import Iterable

from fitgap.runner.errors import DataError, nearest

LONGEST_CELL = 60
LONGEST_ADVICE = 400
LONGEST_PATH = 500


def visible(text: object, longest: int = LONGEST_CELL) -> str:
    """`text` truncated to `longest` characters, with control characters escaped, such as `\\n`."""
    whole = str(text)
    short = whole if len(whole) <= longest else whole[:longest] + "…"
    return short if short.isprintable() else repr(short)[1:-1]


def file_error(source: str, rule: str) -> DataError:
    """An error that starts with the file name as the user wrote it."""
    return DataError(f"{visible(source, LONGEST_PATH)}: {rule}")


def nearest_column(name: str, columns: Iterable[str]) -> str:
    """Advice for an unknown column: the most similar one, then the list of columns, truncated to one line."""
    return visible(nearest(visible(name), [visible(column) for column in columns]), LONGEST_ADVICE)
