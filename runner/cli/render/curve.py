"""A small plot of E_t and E_v in text characters, for terminals and pipes."""

from bisect import bisect_left
from collections.abc import Sequence
from math import log

ROWS, COLUMNS = 9, 60
LEAST_COLUMNS = 8
# If the largest error exceeds the smallest by more than this factor, the scale is logarithmic.
WIDE = 20.0
TRAINING, VALIDATION, BOTH = "░", "█", "▓"


def curve_lines(
    e_t: Sequence[float | None],
    e_v: Sequence[float | None],
    best_epoch: int | None,
    epochs: Sequence[int] | None = None,
    *,
    columns: int = COLUMNS,
) -> list[str]:
    """The plot as lines of at most 80 characters; empty if there are fewer than two epochs.

    The curve takes at most `columns` columns. The errors belong to `epochs`; None means 1, 2, ….
    """
    finite = [value for value in (*e_t, *e_v) if value is not None]
    if len(e_t) < 2 or not finite:
        return []
    lowest, highest = min(finite), max(finite)
    is_logarithmic = lowest > 0 and highest / lowest > WIDE
    epochs = epochs or range(1, len(e_t) + 1)
    shown = positions(epochs, min(COLUMNS, max(columns, LEAST_COLUMNS), epochs[-1]))
    sides = [heights(each, shown, lowest, highest, is_logarithmic) for each in (e_t, e_v)]
    lines = []
    for level in range(ROWS - 1, -1, -1):
        label = f"{highest:.3g}" if level == ROWS - 1 else f"{lowest:.3g}" if level == 0 else ""
        marks = "".join(
            mark(training == level, validation == level) for training, validation in zip(*sides, strict=True)
        )
        lines.append(f"  {label:>9} │{marks}".rstrip())
    return [*lines, *axis_lines(len(shown), epochs[-1], best_epoch), legend(is_logarithmic, best_epoch)]


def heights(
    errors: Sequence[float | None],
    shown: Sequence[int | None],
    lowest: float,
    highest: float,
    is_logarithmic: bool,
) -> list[int | None]:
    """The level of the error in each column, or None if there is no error; `shown` holds the column's index."""

    def height(error: float | None) -> int | None:
        if error is None:
            return None
        if is_logarithmic:
            share = log(error / lowest) / log(highest / lowest)
        else:
            share = (error - lowest) / (highest - lowest) if highest > lowest else 0.0
        return round(share * (ROWS - 1))

    return [None if position is None else height(errors[position]) for position in shown]


def positions(epochs: Sequence[int], columns: int) -> list[int | None]:
    """The index of the epoch nearest to the middle of each column; None if no epoch falls into the column."""
    width = (epochs[-1] - 1) / (columns - 1)
    shown: list[int | None] = []
    for column in range(columns):
        middle = 1 + column * width
        after = bisect_left(epochs, middle, hi=len(epochs) - 1)
        nearest = min(max(after - 1, 0), after, key=lambda position: abs(epochs[position] - middle))
        shown.append(nearest if abs(epochs[nearest] - middle) <= width / 2 else None)
    return shown


def mark(is_training: bool, is_validation: bool) -> str:
    if is_training and is_validation:
        return BOTH
    return TRAINING if is_training else VALIDATION if is_validation else " "


def axis_lines(columns: int, count: int, best_epoch: int | None) -> list[str]:
    """The epoch axis, with a mark below the best epoch."""
    numbers = f"1{count:>{columns - 1}}"
    lines = [f"{'':11} └{'─' * columns}", f"{'':11}  {numbers}"]
    if best_epoch is not None:
        column = round((best_epoch - 1) * (columns - 1) / (count - 1))
        lines.insert(1, f"{'':11}  {'':{column}}▲")
    return lines


def legend(is_logarithmic: bool, best_epoch: int | None) -> str:
    """The legend of the plot."""
    best = f", ▲ the best epoch ({best_epoch})" if best_epoch is not None else ""
    scale = ", logarithmic" if is_logarithmic else ""
    return f"{'':13}{TRAINING} E_t, {VALIDATION} E_v, {BOTH} both{best}{scale}"
