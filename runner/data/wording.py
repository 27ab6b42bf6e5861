"""The wording of errors about data: which file is meant, and foreign text made short and visible."""

from collections.abc import Iterable

from fitgap.runner.errors import DataError, nearest

LONGEST_CELL = 60
LONGEST_ADVICE = 400
LONGEST_PATH = 500


def visible(text: object, longest: int = LONGEST_CELL) -> str:
    """`text` cut to `longest` characters, control characters written as escapes such as `\\n`."""
    whole = str(text)
    short = whole if len(whole) <= longest else whole[:longest] + "…"
    return short if short.isprintable() else repr(short)[1:-1]


def file_error(source: str, rule: str) -> DataError:
    """An error that starts with the file as the user wrote it."""
    return DataError(f"{visible(source, LONGEST_PATH)}: {rule}")


def nearest_column(name: str, columns: Iterable[str]) -> str:
    """Advice for a misspelt column: the nearest one, then the list of columns as far as it fits into a line."""
    return visible(nearest(visible(name), [visible(column) for column in columns]), LONGEST_ADVICE)
