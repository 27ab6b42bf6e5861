"""Rounds of repeats: which configurations get one more, because they cannot be told apart from the best so far.

Every configuration starts with the same repeats. After each further repeat, a look compares the results, and only
configurations within reach of the best get the next repeat. A configuration is out of reach if the one that looks best
is better by more than a one-sided interval, which holds for the comparisons of any one configuration with all others at
once (Bonferroni; as in Hsu 1984, multiple comparisons with the best). So a look drops the truly best configuration with
at most the probability allowed for this look, whatever earlier looks decided. The looks share the allowed probability:
look j has the share 3 / ((j + 2) (j + 3)). The sum of all shares stays below 1, however many looks there are, so more
repeats can be allowed later without changing earlier decisions.

Decisions are a function of the results in the order of the plan. They are recomputed from the first look on.
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from fitgap.runner.analysis.block_variances import Spread, Spreads, variances_of
from fitgap.runner.analysis.student import quantile

# At least this many of the configurations with a single repeat get a second one, to measure the variation.
FEWEST_FIRST = 2
# The larger, the more evenly the allowed probability is shared among the looks.
EVENNESS = 3


class Outcome(IntEnum):
    """The outcome of a trial: absent, not ended, completed, diverged, or ended otherwise without a result."""

    ABSENT, OPEN, COMPLETED, DIVERGED, LOST = range(5)


@dataclass(frozen=True)
class Results:
    """The trials of a sweep as arrays (k, n), by configuration in the order of the plan and by repeat: their outcomes
    and two measures of their errors. `lowest` is used if `honest` is unknown for any of the trials compared.
    """

    outcomes: np.ndarray
    honest: np.ndarray
    lowest: np.ndarray

    def values(self, configurations: np.ndarray, repeats: int) -> np.ndarray:
        """The errors of these configurations in the first repeats, all by the same measure."""
        honest = self.honest[configurations, :repeats]
        return self.lowest[configurations, :repeats] if np.isnan(honest).any() else honest


@dataclass(frozen=True)
class Standing:
    """The state of the rounds. `within_reach` are the configurations that could be the best, the one that looks best
    first. Each has `repeats` repeats, as had all `contenders` configurations at the last look.

    `missing` are the trials that the next round trains, as pairs (configuration, repeat). `lost` is the number of
    configurations that cannot be compared, because a trial failed or was cancelled. With `is_over`, there is no further
    round.
    """

    within_reach: list[int] = field(default_factory=list)
    repeats: int = 0
    contenders: int = 0
    lost: int = 0
    missing: list[tuple[int, int]] = field(default_factory=list)
    is_over: bool = False


@dataclass
class Rounds:
    """Rounds in which configurations get `least` to `most` repeats, until one is the best with confidence `until`."""

    least: int
    most: int
    until: float

    def standing(self, results: Results) -> Standing:
        """The state of the rounds, given the results so far."""
        self.results, self.looks, self.lost, self.spreads = results, 0, set[int](), Spreads()
        outcomes = results.outcomes
        present = np.flatnonzero((outcomes != Outcome.ABSENT).any(axis=1))
        self.among = len(present)
        contenders, repeats, standing = present, self.least, None
        if repeats == 1:
            contenders, standing = self._second_repeats(present)
            repeats = 2
        while standing is None:
            contenders, standing = self._look(contenders, repeats)
            repeats += 1
        return standing

    def _look(self, contenders: np.ndarray, repeats: int) -> tuple[np.ndarray, Standing | None]:
        """The configurations within reach after these repeats, and the standing; None if the next look can follow."""
        if self._has_open(contenders, repeats):
            return contenders, Standing(repeats=repeats)
        if deleted := self._deleted(contenders, repeats):
            return contenders, Standing(repeats=repeats, missing=deleted)
        complete = self._complete(contenders, repeats)
        self.looks += 1
        values = self.results.values(complete, repeats)
        spread, own = self.spreads.with_block(values), variances_of(values)
        is_near = within_reach(values, spread, self._allowed)
        self.spreads.keep(own[~is_near], repeats, len(complete))
        near = complete[is_near]
        found = near[order_of(values[is_near])].tolist()
        missing = self._absent(near, repeats + 1) if len(near) > 1 and repeats < self.most else []
        is_over = len(near) < 2 or repeats >= self.most
        standing = Standing(found, repeats, len(complete), len(self.lost), missing, is_over)
        return near, standing if is_over or missing else None

    def _second_repeats(self, present: np.ndarray) -> tuple[np.ndarray, Standing | None]:
        """The configurations that get a second repeat, and the standing as in `_look`.

        First the better half gets one, to measure the variation between repeats; then those of the others that are
        within reach by this measure.
        """
        if self._has_open(present, 1):
            return present, Standing(repeats=1)
        if deleted := self._deleted(present, 1):
            return present, Standing(repeats=1, missing=deleted)
        complete = self._complete(present, 1)
        values = self.results.values(complete, 1)
        ranked = complete[order_of(values)]
        if len(ranked) < 2:
            return ranked, Standing(ranked.tolist(), 1, len(ranked), len(self.lost), is_over=True)
        first = np.sort(ranked[: first_to_repeat(len(ranked))])
        missing = self._absent(first, 2)
        if missing or self._has_open(first, 2):
            return first, Standing(ranked.tolist(), 1, len(complete), len(self.lost), missing)
        self.looks += 1
        paired, others = self._complete(first, 2), np.setdiff1d(complete, first)
        near = others[self._near_with_one(paired, others)] if len(others) else others
        contenders = np.sort(np.concatenate([first, near]))
        missing = self._absent(near, 2)
        found = [*self._by_error(paired, 2), *self._by_error(near, 1)]
        return contenders, Standing(found, 1, len(complete), len(self.lost), missing) if missing else None

    def _by_error(self, configurations: np.ndarray, repeats: int) -> list[int]:
        """Configurations in the order of their mean errors over these repeats."""
        ordered: list[int] = configurations[order_of(self.results.values(configurations, repeats))].tolist()
        return ordered

    def _near_with_one(self, paired: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Mask of the configurations `others` with a single repeat that are within reach of the best of those with
        two. They are assumed to vary as much as the most variable of those with two.
        """
        if len(paired) < 2:
            return np.ones(len(others), bool)
        twice = self.results.values(paired, 2)
        spread = self.spreads.with_block(twice)
        values = self.results.values(np.concatenate([paired, others]), 1)[:, 0]
        margin = reach_of(self._allowed, spread.degrees) * math.sqrt(2) * float(spread.deviations.max())
        best = values[order_of(twice)[0]]
        near: np.ndarray = ~(values[len(paired) :] - best > margin)
        return near

    @property
    def _allowed(self) -> float:
        """The error probability that the current look allows for each comparison."""
        return (1 - self.until) * share_of_look(self.looks) / max(2, self.among)

    def _has_open(self, configurations: np.ndarray, repeats: int) -> bool:
        return bool((self.results.outcomes[configurations, :repeats] == Outcome.OPEN).any())

    def _complete(self, configurations: np.ndarray, repeats: int) -> np.ndarray:
        """The configurations whose first `repeats` repeats all completed; adds those with a lost one to `self.lost`."""
        outcomes = self.results.outcomes[configurations, :repeats]
        has_diverged = (outcomes == Outcome.DIVERGED).any(axis=1)
        is_complete = (outcomes == Outcome.COMPLETED).all(axis=1)
        self.lost.update(configurations[~is_complete & ~has_diverged].tolist())
        return configurations[is_complete]

    def _deleted(self, configurations: np.ndarray, repeats: int) -> list[tuple[int, int]]:
        """The trials that a look needs but that were deleted: all of these repeats had been written before."""
        is_absent = self.results.outcomes[configurations, :repeats] == Outcome.ABSENT
        return [(int(configurations[place]), int(repeat) + 1) for place, repeat in np.argwhere(is_absent)]

    def _absent(self, configurations: np.ndarray, repeat: int) -> list[tuple[int, int]]:
        outcomes = self.results.outcomes
        if repeat > outcomes.shape[1]:
            return [(each, repeat) for each in configurations.tolist()]
        is_absent = outcomes[configurations, repeat - 1] == Outcome.ABSENT
        return [(each, repeat) for each in configurations[is_absent].tolist()]


def first_to_repeat(count: int) -> int:
    """How many of `count` configurations with a single repeat get a second one unconditionally."""
    return max(min(FEWEST_FIRST, count), (count + 1) // 2)


def share_of_look(look: int) -> float:
    """The share of the allowed error probability that a look, counted from 1, may use up. Their infinite sum is 1."""
    return EVENNESS / ((look + EVENNESS - 1) * (look + EVENNESS))


def within_reach(values: np.ndarray, spread: Spread, allowed: float) -> np.ndarray:
    """Mask (k,) of the configurations that cannot be told apart from the one that looks best, given their errors
    (k, n), their spread, and the error probability allowed for each comparison.
    """
    if len(values) < 2:
        return np.ones(len(values), bool)
    best = int(order_of(values)[0])
    difference = (values - values[best]).mean(axis=1)
    error = np.hypot(spread.deviations, spread.deviations[best]) / math.sqrt(values.shape[1])
    reach = np.array([reach_of(allowed, degrees) for degrees in spread.degrees_against(best).tolist()])
    near: np.ndarray = ~(difference > reach * error)
    return near


def reach_of(allowed: float, degrees: float) -> float:
    """By how many standard errors a configuration may look worse than the best one and still be within reach."""
    return quantile(1 - allowed, max(1, math.floor(degrees)))


def order_of(values: np.ndarray) -> np.ndarray:
    """The order of configurations by their mean error; ties keep the order of the plan."""
    means = [math.fsum(row) for row in values.tolist()]
    return np.argsort(means, kind="stable")
