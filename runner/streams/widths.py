"""The variables COLUMNS and LINES, without unusable sizes."""

import re
from collections.abc import MutableMapping

# Text is unreadable in fewer columns.
LEAST_COLUMNS = 20
SIZE = re.compile("0*[1-9][0-9]{0,4}", re.ASCII)


def drop_useless_sizes(environment: MutableMapping[str, str]) -> None:
    """Remove invalid sizes, so that the terminal is queried; raise a width that is too small to the minimum."""
    for name in ("COLUMNS", "LINES"):
        if name in environment and not SIZE.fullmatch(environment[name]):
            del environment[name]
    if "COLUMNS" in environment:
        environment["COLUMNS"] = str(max(int(environment["COLUMNS"]), LEAST_COLUMNS))
