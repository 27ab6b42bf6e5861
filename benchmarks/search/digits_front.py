"""The recorded networks on digits with two objectives: the honest E_v and the number of parameters.

What is reported is how much of the best trade-off a search has not found. Networks are points in a rectangle, whose
sides are E_v and the logarithm of the number of parameters. A network covers what is worse than it in both. The score
is the share of the rectangle that all recorded networks together cover and those tried do not.
"""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from benchmarks.search.digits_table import PARAMETERS, DigitsTable, recorded
from benchmarks.search.problem import Outcome

# A little above the median of all recorded networks; the lowest error is 0.031.
WORST_ERROR = 0.3


class DigitsFront(DigitsTable):
    """The same space and the same networks as `digits`, of which small ones are wanted."""

    name = "digits-front"
    measure = "share of the best trade-off that is missing"
    objectives = 2

    def scores(self, outcomes: Sequence[Outcome]) -> list[float]:
        """After 1, 2, … trials, the share that is missing: 0 if for each size the best network was tried."""
        lowest, found = dict.fromkeys(PARAMETERS, math.inf), list[float]()
        for each in outcomes:
            lowest[each.parameters] = min(lowest[each.parameters], each.error)
            found.append(best_covered() - covered(lowest))
        return found


@cache
def best_covered() -> float:
    """The share that all recorded networks together cover."""
    lowest = np.nanmin(recorded().reshape(len(PARAMETERS), -1), axis=1)
    return covered(dict(zip(PARAMETERS, map(float, lowest), strict=True)))


def covered(lowest: dict[int, float]) -> float:
    """The share of the rectangle that networks cover, given the lowest error for each number of parameters."""
    sizes = sorted(lowest)
    # A network covers the strip up to the next size. That of the largest one is as wide as that of the smallest.
    ends = [*sizes, sizes[-1] * sizes[1] / sizes[0]]
    share, error = 0.0, math.inf
    for size, end in zip(sizes, ends[1:], strict=True):
        error = min(error, lowest[size])
        share += math.log(end / size) * max(WORST_ERROR - error, 0) / WORST_ERROR
    return share / math.log(ends[-1] / ends[0])
