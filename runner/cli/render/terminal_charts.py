"""Charts in text characters, for terminals and pipes: at most 80 columns, readable without colors and in ASCII."""

import math
import textwrap
from collections.abc import Callable, Sequence

import polars as pl
from fitgap.runner.charts import Subject
from fitgap.runner.charts.left_out import pruned_words, shows_pruned
from fitgap.runner.charts.palette import style_of
from fitgap.runner.charts.settings import short
from fitgap.runner.charts.statistics import is_wide, known, symmetric_constant
from fitgap.runner.cli.render.bars import bar
from fitgap.runner.cli.render.curve import TRAINING, VALIDATION, curve_lines
from fitgap.runner.cli.render.curve import mark as curve_mark
from fitgap.runner.cli.render.lines import line_width
from fitgap.runner.errors import ChartError

WIDTH = 80
MAP_ROWS, MAP_COLUMNS = 17, 62
# Columns to the left of a curve and of a map.
CURVE_MARGIN, MAP_MARGIN = 20, 14
LONGEST_LABEL = 26
# If several configurations share a place, the mark of the first of these verdicts is shown.
FIRST = ("good", "overfit", "both", "no_skill", "underfit", "unclear")


def curves(subject: Subject) -> list[str]:
    """E_t and E_v over the epochs, one drawing after the other."""
    from fitgap.runner.charts.curves import panels_of

    lines: list[str] = []
    for panel in panels_of(subject):
        columns = [panel.curves[name].to_list() for name in ("e_t", "e_v", "epoch")]
        best = None if panel.best_epoch is None else round(panel.best_epoch)
        drawn = curve_lines(columns[0], columns[1], best, columns[2], columns=line_width(WIDTH) - CURVE_MARGIN)
        lines += ["", short(panel.title, line_width(WIDTH)), *(drawn or ["  fewer than two epochs to draw"])]
    return lines[1:]


def capacity(subject: Subject) -> list[str]:
    """The mean E_t and E_v of each setting, as numbers and as marks on one line."""
    from fitgap.runner.charts.along import by_size
    from fitgap.runner.charts.capacity import axis_of

    axis = axis_of(subject)
    assert axis is not None
    axis = by_size(axis, subject.trials)
    frame = subject.completed.group_by(axis.name).agg(pl.col("e_t", "e_v").mean())
    means = {row[0]: row[1:] for row in frame.iter_rows()}
    values = known(frame["e_t"], frame["e_v"])
    label = min(LONGEST_LABEL, max(map(len, [axis.title, *axis.order])))
    columns = line_width(WIDTH) - label - 20
    lines = [f"{axis.title:{label}}      E_t      E_v"]
    for value, name in axis.labels.items():
        errors = means.get(value, (None, None))
        numbers = " ".join(f"{error:8.3g}" if error is not None else f"{'×':>8}" for error in errors)
        places = [place(error, values, columns) for error in errors]
        row = "".join(curve_mark(places[0] == each, places[1] == each) for each in range(columns))
        lines.append(f"{short(name, label):{label}} {numbers} {row}".rstrip())
    scale = ", logarithmic" if is_wide(values) else ""
    return [*lines, f"{TRAINING} E_t, {VALIDATION} E_v, means over all other settings; further right is worse{scale}"]


def place(error: float | None, values: Sequence[float], columns: int) -> int | None:
    """The column of an error."""
    if error is None or not values or columns < 2:
        return None
    low, high = min(values), max(values)
    if high == low:
        return 0
    share = math.log(error / low) / math.log(high / low) if is_wide(values) else (error - low) / (high - low)
    return round(share * (columns - 1))


def importance(subject: Subject) -> list[str]:
    """The shares of the variance as bars."""
    from fitgap.runner.charts.importance import is_shown, rows_of

    rows = sorted(
        (row for row in rows_of(subject) if is_shown(row)), key=lambda row: (row["kind"] == "noise", -row["share"])
    )
    label = max(len(row["effect"]) for row in rows)
    length = max(4, line_width(WIDTH) - label - 12)
    largest = max(max(row["share"] for row in rows), 1e-9)
    title = f"shares of the variance of {rows[0]['of']} among {rows[0]['trials']:,} trials"
    return [
        title,
        *(
            f"{row['effect']:{label}} {100 * row['share'] + 0.0:6.1f} % {bar(row['share'] / largest, length)}".rstrip()
            for row in rows
        ),
    ]


def fitmap(subject: Subject) -> list[str]:
    """The fit map with a letter for each configuration."""
    from fitgap.runner.charts.fitmap import placed

    found = placed(subject)
    values = known(found["underfit"], found["overfit"])
    constant = symmetric_constant(values)
    columns = min(MAP_COLUMNS, line_width(WIDTH) - MAP_MARGIN)
    x, y = (Scale(known(found[name]), size, constant) for name, size in (("underfit", columns), ("overfit", MAP_ROWS)))
    grid = [[" "] * columns for _ in range(MAP_ROWS)]
    for row in range(MAP_ROWS):
        grid[row][x.place(0.0)] = "│"
    grid[y.place(0.0)] = ["┼" if cell == "│" else "─" for cell in grid[y.place(0.0)]]
    order = {name: number for number, name in enumerate(reversed(FIRST))}
    for verdict, underfit, overfit in (
        found.select("verdict", "underfit", "overfit")
        .sort(pl.col("verdict").replace_strict(order, default=-1))
        .iter_rows()
    ):
        grid[y.place(overfit)][x.place(underfit)] = style_of(verdict).letter
    counts = ", ".join(
        f"{style_of(name).letter} {name.replace('_', ' ')} ({count})" for name, count in subject.counts().items()
    )
    marks = {MAP_ROWS - 1: y.high, y.place(0.0): 0.0, 0: y.low}
    drawn = [
        f"{marks[row]:>9.3g} {''.join(grid[row])}" if row in marks else f"{'':9} {''.join(grid[row])}"
        for row in range(MAP_ROWS)
    ]
    ends = f"{'':10}{x.low:<.3g}{x.high:>{columns - len(f'{x.low:.3g}')}.3g}"
    scale = ", both symmetric-logarithmic" if constant else ""
    caption = f"right: underfit, up: overfit{scale}; the reference is where the lines cross"
    below = [part for line in (caption, counts) for part in textwrap.wrap(line, line_width(WIDTH))]
    return [*(line.rstrip() for line in reversed(drawn)), ends, *below]


class Scale:
    """The positions of numbers along one side of a map, linear or symmetric-logarithmic. 0 is always in its range."""

    def __init__(self, values: Sequence[float], size: int, constant: float | None):
        self.low, self.high = min(0.0, *values), max(0.0, *values)
        self.size, self.constant = size, constant

    def place(self, value: float) -> int:
        low, high = self._moved(self.low), self._moved(self.high)
        return round((self._moved(value) - low) / (high - low) * (self.size - 1)) if high > low else 0

    def _moved(self, value: float) -> float:
        if not self.constant:
            return value
        return math.copysign(math.log1p(abs(value) / self.constant), value)


DRAWN: dict[str, Callable[[Subject], list[str]]] = {
    "curves": curves,
    "capacity": capacity,
    "importance": importance,
    "fitmap": fitmap,
}


def chart_lines(kind: str, subject: Subject) -> list[str]:
    """The drawing as lines. Raises ChartError if this kind of chart cannot be drawn in a terminal."""
    if kind not in DRAWN:
        advice = f"name a file, such as -o {kind}.png; these can be drawn: {', '.join(DRAWN)}"
        raise ChartError(f"{kind} cannot be drawn in a terminal; {advice}")
    left_out = "" if shows_pruned(kind, subject) else pruned_words(subject)
    return [*DRAWN[kind](subject), *([left_out] if left_out else [])]
