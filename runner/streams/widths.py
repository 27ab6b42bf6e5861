"""COLUMNS and LINES: sizes that no terminal has are ignored."""

import re
from collections.abc import MutableMapping

# Nothing can be read in fewer columns.
LEAST_COLUMNS = 20
SIZE = re.compile("0*[1-9][0-9]{0,4}", re.ASCII)


def drop_useless_sizes(environment: MutableMapping[str, str]) -> None:
    """Leave a size out where it is none, so that the terminal is asked; a width too small becomes the least."""
    for name in ("COLUMNS", "LINES"):
        if name in environment and not SIZE.fullmatch(environment[name]):
            del environment[name]
    if "COLUMNS" in environment:
        environment["COLUMNS"] = str(max(int(environment["COLUMNS"]), LEAST_COLUMNS))
