"""The table `search` as text: one row for each comparison, and how often each method was better or worse."""

from collections import Counter
from collections.abc import Sequence

from benchmarks.search.judgement import BETTER, NO_DIFFERENCE, WORSE, Estimate, Judgement

HEADINGS = ("problem", "trials", "method", "generation", "peer", "ours", "theirs", "difference", "")
COUNTED = ("method", "peer", "generation", "compared", BETTER, NO_DIFFERENCE, WORSE)


def as_text(rows: Sequence[Judgement]) -> str:
    """All comparisons in columns."""
    return in_columns([HEADINGS, *map(cells, rows)])


def cells(row: Judgement) -> tuple[str, ...]:
    numbers = (with_error(each) for each in (row.ours, row.theirs, row.difference))
    peer = peer_of(row)
    return (row.problem, str(row.trials), row.method, str(row.generation), peer, *numbers, row.verdict)


def peer_of(row: Judgement) -> str:
    """Such as `optuna gp`."""
    return f"{row.peer.partition('-')[0]} {row.sampler}"


def with_error(estimate: Estimate) -> str:
    """Such as `0.0812 ± 0.0034`."""
    return f"{estimate.mean:.4g} ± {estimate.error:.2g}"


def summary(rows: Sequence[Judgement]) -> str:
    """How many of its comparisons each method won, by generation size."""
    counts: dict[tuple[str, str, int], Counter[str]] = {}
    for row in rows:
        counts.setdefault((row.method, peer_of(row), row.generation), Counter())[row.verdict] += 1
    lines = [
        (method, peer, str(generation), str(found.total()), *(str(found[each]) for each in COUNTED[4:]))
        for (method, peer, generation), found in counts.items()
    ]
    return in_columns([COUNTED, *lines])


def in_columns(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
