"""The layout of a text table: encoding, separator, decimal mark, comments and header, as found in the file."""

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fitgap.runner.data.error_texts import file_error
from fitgap.runner.data.formats.records import (
    BLANKS,
    NUMBER,
    SEPARATORS,
    records,
    sample_lines,
    split_record,
    width_share,
)
from fitgap.runner.data.formats.table_start import find_start

COMMENT = "#"
# A line that starts with #, except for error values of spreadsheets such as #N/A.
COMMENT_START = re.compile(r"\s*#(?!N/A|NA\b|DIV/0!|VALUE!|REF!|NUM!|NAME\?|NULL!)")
# The share of records that must have the same number of cells if a file has a few damaged lines.
MOSTLY = 0.8
FRACTION = re.compile(r"[+-]?(\d*\.\d+|\d+(\.\d*)?[eE][+-]?\d+)")


@dataclass(frozen=True)
class Layout:
    """How the text of a table is laid out. `separator` " " stands for any number of blanks.

    With `comments`, lines that start with # are left out; with `commented_header`, the last one before the data holds
    the names. With `header` false, the columns have no names. `row_names` means that lines have an extra cell in front
    that the header lacks, `line_ends` that lines, but not the header, end in a separator. `skip` is the number of lines
    before the table, such as a title.
    """

    encoding: str = "utf-8"
    separator: str = ","
    decimal: str = "."
    comments: bool = False
    commented_header: bool = False
    header: bool = True
    row_names: bool = False
    line_ends: bool = False
    skip: int = 0

    def as_json(self) -> dict[str, Any]:
        """The settings that differ from the default."""
        standard = Layout()
        return {name: value for name, value in vars(self).items() if value != getattr(standard, name)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Layout":
        return cls(**{name: value for name, value in stored.items() if name in cls.__dataclass_fields__})

    @property
    def csv_separator(self) -> str:
        """The separator after `cleaned` has replaced blanks."""
        return "\t" if self.separator == BLANKS else self.separator


STRICT = Layout()


def find_layout(source: str, text: str, start: Layout, target: Collection[str], separator: str | None) -> Layout:
    """`start`, completed by what is detected in the text; a given `separator` is used as it is.

    Raises DataError if two separators fit equally well.
    """
    lines = sample_lines(text)
    comments = any(map(COMMENT_START.match, lines))
    data = [line for line in lines if line.strip() and not (comments and COMMENT_START.match(line))]
    if comments and (not data or is_a_name(lines, data)):
        comments, data = False, [line for line in lines if line.strip()]
    skip = 0 if comments else find_start(data, separator, target)
    data = data[skip:]
    found = separator or find_separator(source, data)
    # `data` has no blank lines, but `Layout.skip` counts them.
    before = lines.index(data[0]) if skip else 0
    layout = replace(start, separator=found, comments=comments, skip=before)
    rows = [split_record(line, found) for line in data]
    if comments and is_commented_header(last_comment(lines), rows, layout):
        return replace(layout, commented_header=True)
    widths = Counter(len(row) for row in rows[1:])
    if rows and widths and widths.most_common(1)[0][0] == len(rows[0]) + 1 and len(widths) == 1:
        # If the last cell is always empty, lines end in a separator; row names would shift all columns.
        has_ends = not any(row[-1] for row in rows[1:]) and data[0].count('"') % 2 == 0
        return replace(layout, line_ends=has_ends, row_names=not has_ends)
    return replace(layout, header=not (rows and is_headless(rows[0], target)))


def is_commented_header(heading: str | None, rows: Sequence[Sequence[str]], layout: Layout) -> bool:
    """Whether the last comment holds the names of the columns, as `numpy.savetxt` writes them."""
    names = split_record(heading, layout.separator) if heading else []
    fits = len(rows) > 1 and len(names) == len(rows[0]) > 1
    return fits and not any(map(NUMBER.fullmatch, names)) and all(map(NUMBER.fullmatch, rows[0]))


def is_a_name(lines: Sequence[str], data: Sequence[str]) -> bool:
    """Whether # in the first line is the name of a column, as in `#,name,type`, and not the start of a comment."""
    first = lines[0].lstrip()
    return first.startswith(COMMENT) and any(
        first[1:].lstrip().startswith(separator) and first.count(separator) == data[0].count(separator)
        for separator in SEPARATORS
    )


def last_comment(lines: Sequence[str]) -> str | None:
    """The last comment before the first line of data, without its #."""
    found = None
    for line in lines:
        if not COMMENT_START.match(line):
            if line.strip():
                return found
        else:
            found = line.lstrip().lstrip(COMMENT).strip()
    return found


def find_separator(source: str, lines: Sequence[str]) -> str:
    """The separator that splits all lines into the same number of cells, or most of them."""
    shares = {separator: width_share(lines, separator) for separator in SEPARATORS}
    perfect = [separator for separator, share in shares.items() if share == 1]
    # A header that is one cell short is unusual.
    perfect = [each for each in perfect if not lacks_name(lines, each)] or perfect
    if len(perfect) > 1:
        names = " and ".join(SEPARATORS[separator] for separator in perfect)
        rule = f"{names} both split every line into the same number of cells"
        raise file_error(source, f"{rule}; choose one with --separator or data.separator")
    if perfect:
        return perfect[0]
    if width_share(lines, BLANKS) == 1:
        return BLANKS
    best = max(shares, key=lambda separator: shares[separator])
    if shares[best] >= MOSTLY:
        return best
    # The file has an error, which is reported using the most frequent separator of its first line.
    return max(SEPARATORS, key=lambda separator: lines[0].count(separator)) if lines else ","


def lacks_name(lines: Sequence[str], separator: str) -> bool:
    """Whether the first record has fewer cells than the second."""
    first = records(lines[:20], separator)
    return len(first) > 1 and len(first[0]) < len(first[1])


def is_headless(cells: Sequence[str], target: Collection[str]) -> bool:
    """Whether the first record is data: it names no target, and has a fraction or only numbers, some of them equal."""
    if any(name in cells for name in target):
        return False
    if any(map(FRACTION.fullmatch, cells)):
        return True
    present = [cell for cell in cells if cell]
    return len(present) > 1 and all(map(NUMBER.fullmatch, present)) and len(set(present)) < len(present)


def cleaned(text: str, layout: Layout) -> str:
    """The text as plain CSV with the separator `csv_separator`: without comments, with a cell for row names."""
    if layout.skip:
        text = text.split("\n", layout.skip)[layout.skip]
    if layout.comments:
        lines = text.split("\n")
        kept = [line for line in lines if not COMMENT_START.match(line)]
        heading = last_comment(lines) if layout.commented_header else None
        text = "\n".join(kept if heading is None else [heading, *kept])
    if layout.separator == BLANKS:
        text = "\n".join(map(tabbed, text.split("\n")))
    if layout.line_ends:
        start = len(text) - len(text.lstrip("\n"))
        header, rest = text[start:].split("\n", 1)
        text = f"{text[:start]}{header}{layout.csv_separator}\n{rest}"
    if layout.row_names:
        text = layout.csv_separator + text.lstrip("\n")
    return text


def tabbed(line: str) -> str:
    """A line with runs of blanks replaced by tabs, except within quotes."""
    if '"' not in line:
        return re.sub(r"[ \t]+", "\t", line.strip())
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="").writerow(split_record(line, BLANKS))
    return out.getvalue()
