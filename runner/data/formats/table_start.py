"""Lines before a text table, such as titles."""

from collections.abc import Collection, Iterable, Sequence

from fitgap.runner.data.formats.records import (
    BLANKS,
    NUMBER,
    SEPARATORS,
    named_width,
    records,
    split_record,
    width_share,
)

MOST_SKIPPED, LEAST_TABLE = 30, 3


def find_start(lines: Sequence[str], separator: str | None, target: Collection[str]) -> int:
    """The number of lines before the table, which have fewer cells; all lines of the table have the same number."""
    choices = [separator] if separator else list(SEPARATORS)
    if not lines or any(width_share(lines, each) == 1 for each in (*choices, BLANKS)):
        tables = [[split_record(line, each) for line in lines[: MOST_SKIPPED + 2]] for each in choices]
        return padded_lines(table for table in tables if table and not set(target) & set(table[0]))
    for skip in range(1, min(MOST_SKIPPED, len(lines) - LEAST_TABLE) + 1):
        for each in choices:
            width = common_width(records(lines[skip:], each))
            if width > 1:
                before = [split_record(line, each) for line in lines[:skip]]
                if all(len(cells) < width and not set(target) & set(cells) for cells in before):
                    return skip
    return 0


def padded_lines(choices: Iterable[Sequence[Sequence[str]]]) -> int:
    """The number of titles, padded with empty cells by a spreadsheet, above a row of names and one with numbers."""
    for table in choices:
        start = next((number for number, cells in enumerate(table) if any(cells[1:])), 0)
        if 0 < start < len(table) - 1 and len(table[start]) >= LEAST_TABLE and any(table[0]):
            names, values = table[start : start + 2]
            if all(names) and not any(map(NUMBER.fullmatch, names)) and any(map(NUMBER.fullmatch, values)):
                return start
    return 0


def common_width(table: Sequence[Sequence[str]]) -> int:
    """The number of cells that all records have, 0 if they differ; an empty last column may lack a name."""
    widths = {len(record) for record in table[1:]}
    if len(widths) != 1:
        return 0
    width = widths.pop()
    names = named_width(table[0], width)
    has_ends = names == width - 1 and not any(record[-1].strip() for record in table[1:])
    return width if names == width or has_ends else 0
