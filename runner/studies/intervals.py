"""Means over repeats with 95 % intervals, for what comparisons do not give: ratios and shares of a constant's error."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from fitgap.runner.analysis.student import quantile
from fitgap.runner.store import Store

CONFIDENCE = 0.975


@dataclass(frozen=True)
class Interval:
    """The mean of some numbers and the limits of its 95 % interval; a single number has no limits."""

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def margin(self) -> float | None:
        return None if self.high is None else self.high - self.mean

    def is_above(self, limit: float) -> bool:
        return self.low is not None and self.low > limit

    def is_below(self, limit: float) -> bool:
        return self.high is not None and self.high < limit


def interval_of(values: Sequence[float]) -> Interval:
    """The interval of the mean of independent numbers, one per repeat."""
    mean = fmean(values)
    if len(values) < 2:
        return Interval(mean)
    margin = quantile(CONFIDENCE, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - margin, mean + margin)


def per_repeat(pairs: Iterable[tuple[int, float]]) -> list[float]:
    """The mean of the numbers of each repeat: trials of a repeat have the same split, so they are not independent."""
    found: dict[int, list[float]] = {}
    for repeat, value in pairs:
        found.setdefault(repeat, []).append(value)
    return [fmean(values) for _, values in sorted(found.items())]


def ratio_of(pairs: Sequence[tuple[int, float]]) -> Interval | None:
    """The geometric mean of positive ratios of trials, each with its repeat; None if there are none."""
    logarithms = per_repeat((repeat, math.log(ratio)) for repeat, ratio in pairs)
    if not logarithms:
        return None
    found = interval_of(logarithms)
    if found.low is None or found.high is None:
        return Interval(math.exp(found.mean))
    return Interval(math.exp(found.mean), math.exp(found.low), math.exp(found.high))


def share_of_constant(store: Store, sweep: str, where: str, of: str = "e_v") -> Interval | None:
    """E_t or E_v of some trials as a share of that of a constant prediction; None if there is none to compare with."""
    constant = f"constant_{of}"
    rows = store.beside_constants(sweep, f"({where}) and status == 'completed'")
    known = [row for row in rows if row[of] is not None and row[constant]]
    shares = per_repeat((row["repeat"], row[of] / row[constant]) for row in known)
    return interval_of(shares) if shares else None


def share_words(share: Interval) -> str:
    """Such as `53 % of that of a constant prediction (95 %: 45 to 61 %)`."""
    mean = f"{100 * share.mean:.0f} % of that of a constant prediction"
    if share.low is None or share.high is None:
        return mean
    # Rounded outwards: 99.6 % is not 100 %.
    return f"{mean} (95 %: {math.floor(100 * share.low)} to {math.ceil(100 * share.high)} %)"
