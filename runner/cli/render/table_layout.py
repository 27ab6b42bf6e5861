"""Which columns of a table fit in a terminal, their widths, and which ones go into further tables below."""

from collections.abc import Sequence

from fitgap.runner.broken_names import broken, longest_piece
from fitgap.runner.cli.render.table_cells import BREAKABLE, Row, cell, header, is_number_column

# Maximum lengths of the pieces into which names are broken; shorter ones are tried if the required columns do not fit.
PIECES = (22, 12, 8)
# The frame of a table, and the space between two columns.
FRAME, GUTTER = 1, 1
Widths = dict[str, int]


def parts_of(
    rows: list[Row],
    keys: Sequence[str],
    width: int,
    needed: Sequence[str] = (),
    labels: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> list[Widths]:
    """The columns of a table with their widths. The table is split into parts if its labels and `kept` keys do not fit.

    `labels` are the keys that identify the rows. They are repeated in every part; if they would take more than half of
    the width, only the first one is.
    """
    labels = [key for key in labels if key in keys] or list(keys[:1])
    kept = [*labels, *(key for key in keys if key in kept and key not in labels)]
    for longest in PIECES:
        if FRAME + sum(outer_width(rows, key, longest) for key in kept) <= width:
            fitting = fitting_keys(rows, keys, width, [*kept, *needed], longest)
            return [widths_of(rows, fitting, width, longest)]
    shortest = PIECES[-1]
    is_crowded = 2 * sum(outer_width(rows, key, shortest) for key in labels) > width
    repeated = labels[:1] if is_crowded else labels
    parts: list[Widths] = []
    rest = [key for key in keys if key in kept]
    while rest:
        first = repeated if parts else []
        fitting = fitting_keys(rows, [*first, *(key for key in rest if key not in first)], width, first, shortest)
        # Add at least one more key, however wide it is.
        fitting = fitting if set(fitting) - set(first) else [*first, rest[0]]
        rest = [key for key in rest if key not in fitting]
        if not rest:
            # Fill the room left in the last part with other keys.
            others = [key for key in keys if key not in kept]
            fitting = fitting_keys(rows, [*fitting, *others], width, [*fitting, *needed], shortest)
        parts.append(widths_of(rows, fitting, width, shortest))
    return parts


def fitting_keys(
    rows: list[Row], keys: Sequence[str], width: int, needed: Sequence[str] = (), longest: int = PIECES[0]
) -> list[str]:
    """As many keys as fit: the first one, the needed ones in their order, then the others from the left."""
    wanted = [key for key in dict.fromkeys(needed) if key in keys]
    others = [key for key in keys if key not in wanted]
    fitting: list[str] = []
    used = FRAME
    for key in [*wanted, *others]:
        column = outer_width(rows, key, longest)
        if used + column <= width or not fitting:
            fitting.append(key)
            used += column
        elif key in others:
            break
    if wanted and others and set(fitting) <= set(wanted) and keys[0] not in fitting:
        # Otherwise, no column would identify the rows.
        return fitting_keys(rows, keys, width, longest=longest)
    return [key for key in keys if key in fitting]


def widths_of(rows: list[Row], keys: Sequence[str], width: int, longest: int) -> Widths:
    """The width of each column: the remaining room is shared equally among those that would be wrapped."""
    widths = {key: least_width(rows, key, longest) for key in keys}
    room = width - FRAME - sum(each + GUTTER for each in widths.values())
    lacking = {key: whole_width(rows, key) - widths[key] for key in keys}
    for position, key in enumerate(sorted(keys, key=lambda key: lacking[key])):
        share = min(lacking[key], max(room, 0) // (len(keys) - position))
        widths[key] += share
        room -= share
    return {key: min(each, width - FRAME) for key, each in widths.items()}


def outer_width(rows: list[Row], key: str, longest: int) -> int:
    """The least width of a column with the space next to it."""
    return least_width(rows, key, longest) + GUTTER


def least_width(rows: list[Row], key: str, longest: int = PIECES[0]) -> int:
    """The minimum width of a column: its longest piece if it may be broken, otherwise its longest cell."""
    if key not in BREAKABLE or is_number_column(rows, key):
        return whole_width(rows, key)
    longest_header = max(map(len, header(key).split("\n")))
    pieces = max((longest_piece(cell(key, row[key])) for row in rows), default=0)
    return 1 + max(longest_header, min(longest, pieces))


def whole_width(rows: list[Row], key: str) -> int:
    """The width of a column without wrapping. A text column is followed by one space more than a number column."""
    texts = [*header(key).split("\n"), *(cell(key, row[key]) for row in rows)]
    return max(map(len, texts)) + (0 if is_number_column(rows, key) else 1)


def lines_of(key: str, value: object, width: int, *, is_number: bool) -> str:
    """A cell, wrapped to the width of its column."""
    after = "" if is_number else " "
    return "\n".join(line + after for line in broken(cell(key, value), max(width - len(after), 1)))
