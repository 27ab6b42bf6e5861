"""The tables as text: medians, ranges, ratios and targets."""

from collections.abc import Sequence

from benchmarks.comparison import Row, Side

HEADINGS = ("case", "peer", "ours", "theirs", "unit", "ratio", "target", "")


def as_text(rows: Sequence[Row]) -> str:
    """Rows in columns, `ours` and `theirs` as median (lowest–highest)."""
    lines = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def cells(row: Row) -> tuple[str, ...]:
    plain = row.plain()
    verdict = "reached" if row.ratio >= row.target else "missed"
    sides = (with_range(row.ours), with_range(row.theirs))
    return (plain["case"], row.peer, *sides, row.unit, short(row.ratio), short(row.target), verdict)


def with_range(side: Side) -> str:
    """Text such as `8.2 (8.1–8.9)`; only the median if all runs agree."""
    if side.lowest == side.highest:
        return short(side.middle)
    return f"{short(side.middle)} ({short(side.lowest)}–{short(side.highest)})"


def short(number: float) -> str:
    """A number with three significant digits; from 100 on, an integer."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
