"""Records of text tables: their cells, and how many of them have the same number of cells."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# Any number of spaces and tabs.
BLANKS = " "
SAMPLE_CHARACTERS, SAMPLE_RECORDS = 256 * 1024, 200
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def sample_lines(text: str) -> list[str]:
    """The first lines of a text, without one that is cut off."""
    start = text[:SAMPLE_CHARACTERS]
    lines = start.split("\n")
    return lines[:-1] if len(start) < len(text) and len(lines) > 1 else lines


def records(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The first records of some lines; none if they cannot be parsed."""
    if separator == BLANKS:
        return [split_record(line, BLANKS) for line in lines[:SAMPLE_RECORDS]]
    longest = csv.field_size_limit(2 * SAMPLE_CHARACTERS)
    try:
        reader = csv.reader(io.StringIO("\n".join(lines), newline="\n"), delimiter=separator)
        return [record for record, _ in zip(reader, range(SAMPLE_RECORDS), strict=False)]
    except csv.Error:
        return []
    finally:
        csv.field_size_limit(longest)


def split_record(line: str, separator: str) -> list[str]:
    """The cells of one line, without the spaces around them."""
    if separator == BLANKS:
        line, separator = re.sub(r"[ \t]+", " ", line.strip()), " "
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        cells = line.split(separator)
    return [cell.strip() for cell in cells]


def width_share(lines: Sequence[str], separator: str) -> float:
    """The share of records with the most common number of cells, which must be above 1; the header may lack one."""
    table = [record for record in records(lines, separator) if record]
    widths = [len(record) for record in table]
    if len(widths) < 2:
        return float(len(widths) == 1 and widths[0] > 1)
    usual, count = Counter(widths[1:]).most_common(1)[0]
    widths[0] = named_width(table[0], usual)
    if usual < 2 or widths[0] not in (usual, usual - 1):
        return 0.0
    # A header that is one cell short counts only if all lines agree.
    if widths[0] == usual - 1:
        return float(count == len(widths) - 1)
    return (count + 1) / len(widths)


def named_width(header: Sequence[str], usual: int) -> int:
    """The number of cells of a header, not counting those beyond `usual` if they are all empty."""
    return len(header) if any(cell.strip() for cell in header[usual:]) else min(len(header), usual)
