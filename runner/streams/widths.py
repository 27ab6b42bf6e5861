"""COLUMNS and LINES: sizes that no terminal has are ignored."""

from collections.abc import MutableMapping

# Nothing can be read in fewer columns.
LEAST_COLUMNS = 20


def drop_useless_sizes(environment: MutableMapping[str, str]) -> None:
    """Leave a size out where it is no number, so that the terminal is asked; a width too small becomes the least."""
    for name in ("COLUMNS", "LINES"):
        text = environment.get(name)
        if text is not None and (not (text.isascii() and text.isdecimal()) or int(text[:6]) == 0):
            del environment[name]
    columns = environment.get("COLUMNS")
    if columns is not None and len(columns) < 3:
        environment["COLUMNS"] = str(max(int(columns), LEAST_COLUMNS))
