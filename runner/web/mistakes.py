"""Mistakes in the input for a new sweep: the field or the line of each."""

import re
from dataclasses import dataclass

LINES_AROUND = 4


@dataclass(frozen=True)
class Mistake:
    """An error in the input: the field it belongs to, and the numbered lines of the sweep file around it."""

    message: str
    field: str = ""
    label: str = ""
    line: int = 0
    lines: tuple[tuple[int, str], ...] = ()


def mistake_in(text: str, message: str) -> Mistake:
    """An error with the lines around it. The message names its place, such as `sweep.yaml:3:23: …`, or quotes it."""
    lines = text.split("\n")
    found = re.match(r"[^:\n]*:(\d+):\d+: ", message)
    if found:
        line, message = int(found.group(1)), message[found.end() :]
    else:
        quoted = message.partition(": ")[0]
        line = next((number for number, each in enumerate(lines, start=1) if quoted in each), 0)
    if not line:
        return Mistake(message, "text")
    first = max(0, line - LINES_AROUND)
    around = tuple(enumerate(lines[first : line + LINES_AROUND - 1], start=first + 1))
    return Mistake(message, "text", "", line, around)
