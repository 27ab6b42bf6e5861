"""Comparisons: jobs that measure, the figures that they return, and the resulting rows."""

import json
import math
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

ROW_KEYS = ("table", "case", "peer", "ours", "theirs", "unit", "ratio", "target")


@dataclass(frozen=True)
class Job:
    """A measurement in its own process: the function `module:name` returns figures by name.

    `arguments` is JSON, so that equal jobs compare equal and run once. The process may use `cores` cores.
    """

    function: str
    arguments: str
    cores: int


def job(function: str, *, cores: int = 1, **arguments: Any) -> Job:
    """The job that calls a function of this package with these arguments, which must be plain data."""
    return Job(f"benchmarks.{function}", json.dumps(arguments, sort_keys=True), cores)


@dataclass(frozen=True)
class Figure:
    """One of the figures that a job returns. `note`, such as `K=16`, distinguishes it from alternatives."""

    job: Job
    name: str
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """A row to be measured. A side is either alternatives, of which the best median counts, or a target number.

    A figure that equals `limit` is only a lower bound, because its measurement was cut off there.
    """

    case: str
    peer: str
    ours: tuple[Figure, ...]
    theirs: tuple[Figure, ...] | float
    unit: str
    target: float
    limit: float = math.inf

    @property
    def jobs(self) -> list[Job]:
        sides = [self.ours, self.theirs if isinstance(self.theirs, tuple) else ()]
        return [figure.job for side in sides for figure in side]


@dataclass(frozen=True)
class Side:
    """The measurement of one side: the median and the range of its runs."""

    middle: float
    lowest: float
    highest: float
    note: str = ""

    def within(self, limit: float) -> "Side":
        """This side, with a note if at least half of its runs were cut off at this limit."""
        if self.middle < limit:
            return self
        return replace(self, note=f"{self.note}{self.note and ': '}more than {limit:g}")


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    table: str
    case: str
    peer: str
    ours: Side
    theirs: Side
    unit: str
    target: float

    @property
    def ratio(self) -> float:
        """How many times better our side is: above 1 it is faster or smaller."""
        ours, theirs = self.ours.middle, self.theirs.middle
        return ours / theirs if larger_is_better(self.unit) else theirs / ours

    def plain(self) -> dict[str, Any]:
        """The row as `--json` prints it."""
        notes = ", ".join(side.note for side in (self.ours, self.theirs) if side.note)
        case = f"{self.case} ({notes})" if notes else self.case
        values = (self.table, case, self.peer, self.ours.middle, self.theirs.middle, self.unit, self.ratio, self.target)
        return dict(zip(ROW_KEYS, values, strict=True))


def larger_is_better(unit: str) -> bool:
    """Rates such as trials/s are better when larger; times and bytes when smaller."""
    return unit.endswith("/s")


def best_side(alternatives: dict[Figure, list[float]], unit: str) -> Side:
    """The alternative with the best median over its runs."""
    choose = max if larger_is_better(unit) else min
    best = choose(alternatives, key=lambda figure: median(alternatives[figure]))
    samples = alternatives[best]
    return Side(median(samples), min(samples), max(samples), best.note)
