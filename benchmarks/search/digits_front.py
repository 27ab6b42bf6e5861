"""The recorded networks on digits with two objectives: the honest E_v and the number of parameters.

The score says how much of the best trade-off a search has not found. Networks are points in a rectangle whose sides are
E_v and the logarithm of the number of parameters. A network covers the points that are worse than it in both. The score
is the share of the rectangle that is covered by the recorded networks together, but not by those that were tried.
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
    """The space and the networks of `digits`, with the number of parameters as a second objective."""

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
    # A network covers the strip up to the next size. The strip of the largest network is as wide as the first one.
    ends = [*sizes, sizes[-1] * sizes[1] / sizes[0]]
    share, error = 0.0, math.inf
    for size, end in zip(sizes, ends[1:], strict=True):
        error = min(error, lowest[size])
        share += math.log(end / size) * max(WORST_ERROR - error, 0) / WORST_ERROR
    return share / math.log(ends[-1] / ends[0])
