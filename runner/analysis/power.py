"""The number of repeats that would show a difference of the measured size."""

import math
from statistics import NormalDist

import numpy as np
from fitgap.runner.analysis.pairing import CONFIDENCE, Differences
from fitgap.runner.analysis.student import quantile
from fitgap.runner.analysis.studentized_range import pairwise_reach

# The probability that the needed number of repeats shows the difference.
POWER = 0.8
# Numbers of repeats for which intervals are computed. Beyond them, intervals hardly differ from those of normal
# distributions.
TRIED = np.array([*range(2, 60), *np.geomspace(60, 2000, 40).astype(int)])
NORMAL = NormalDist()


def repeats_needed(found: Differences) -> list[int | None]:
    """For each group, the number of repeats that would show its difference from the baseline, if the true difference is
    as large as measured; None if unknown. If the existing repeats do not show it, more are needed than exist.

    The width of an interval is that for the needed number of repeats and for the number of groups compared.
    """
    reaches = reaches_by_repeats(found)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        deviations = abs(found.mean) / (found.error * np.sqrt(found.repeats))
        # The smallest difference, in standard deviations of its values, that each number of repeats shows.
        shown = (reaches + NORMAL.inv_cdf(POWER)) / np.sqrt(TRIED)
        place = np.searchsorted(-shown, -deviations)
        reach = np.append(reaches, reaches[-1])[place] + NORMAL.inv_cdf(POWER)
        beyond = np.maximum((reach / deviations) ** 2, TRIED[-1])
        needed = np.where(place < len(TRIED), np.append(TRIED, 0)[place], beyond)
        needed = np.where(abs(found.mean) <= found.margin, np.maximum(needed, found.repeats + 1), needed)
    known = np.isfinite(needed) & np.isfinite(deviations) & (found.repeats > 1)
    return [math.ceil(number) if is_known else None for number, is_known in zip(needed, known, strict=True)]


def reaches_by_repeats(found: Differences) -> np.ndarray:
    """The half-width of an interval in standard errors, for each number of repeats in `TRIED`."""
    repeats = max(2, int(found.repeats.max(initial=0)))
    degrees = 1.0 if math.isnan(found.degrees) else found.degrees / (repeats - 1)
    probability = (1 + CONFIDENCE) / 2
    if found.compared > 2:
        # The probability of a single interval as wide as those that hold for all compared groups at once.
        probability = NORMAL.cdf(pairwise_reach(found.compared, math.inf))
    return np.array([reach(probability, degrees * (int(count) - 1)) for count in TRIED])


def reach(probability: float, degrees: float) -> float:
    """The quantile of Student's distribution, or of the normal one for infinitely many degrees of freedom."""
    if not math.isfinite(degrees):
        return NORMAL.inv_cdf(probability)
    return quantile(probability, max(1, math.floor(degrees)))
