"""Comparison with the best group, with intervals that account for choosing the group that looks best.

The intervals hold for the differences of all pairs of groups at once (Tukey's method), so they hold whichever group is
chosen: if no groups differ, at most 5 % of all comparisons call any group worse than the best. Variances may differ
between groups, so each group has its own (as in Games and Howell 1976), moderated because there are few repeats.
"""

import math

import numpy as np
from fitgap.runner.analysis.moderation import moderated
from fitgap.runner.analysis.pairing import Differences, Measured, differences
from fitgap.runner.analysis.spreads import averages
from fitgap.runner.analysis.studentized_range import pairwise_reach

# No group's variance is estimated below this share of the average.
SMALLEST_SHARE = 0.05
# Only this share of the degrees of freedom that moderation adds counts: how alike the variances are is only estimated.
COUNTED_SHARE = 0.1
# Beyond this many degrees of freedom, the reach hardly changes.
MANY_DEGREES = 1e4


def differences_from_best(measured: Measured, groups: int, best: int, spent: int = 0) -> Differences:
    """The differences of all groups from the one that looks best, with margins that hold for all of them at once.

    Like `differences`, but uses the variation between repeats of all groups, not only of the two compared.
    """
    found = differences(measured, groups, best, spent)
    if groups <= 2:
        # With two groups, no choice has to be accounted for: this is Student's interval.
        return found
    units = over_settings(measured) if np.unique(measured.repeat).size < 2 else measured
    deviations, degrees = deviations_of(units, groups)
    samples = np.where(found.repeats > 1, found.repeats, found.pairs)
    error = np.hypot(deviations, deviations[best]) / np.sqrt(np.where(samples > 0, samples, np.nan))
    error[best] = np.nan
    compared = 1 + int(np.count_nonzero(np.isfinite(error)))
    compared, left = max(2, compared), degrees - spent
    margin = pairwise_reach(compared, rounded(left)) * error
    return Differences(found.mean, error, margin, found.pairs, found.repeats, compared, left)


def over_settings(measured: Measured) -> Measured:
    """For a single repeat: the other settings as repeats, so that errors reflect the variation over settings."""
    return Measured(measured.group, np.zeros_like(measured.others), measured.others, measured.value)


def deviations_of(units: Measured, groups: int) -> tuple[np.ndarray, float]:
    """The standard deviation (k,) of each group between repeats, without the variation common to all groups, and the
    degrees of freedom of these estimates. NaN with fewer than two repeats.
    """
    by_repeat, together = residuals(units, groups)
    counts = np.count_nonzero(~np.isnan(by_repeat), axis=1)
    enough = counts > 1
    deviations = np.full(groups, np.nan)
    if enough.sum() < 2:
        return deviations, 1.0
    own = np.nanvar(by_repeat[enough], axis=1, ddof=1)
    degrees = float(counts[enough].mean()) - 1
    shrunk, its_degrees = moderated(own, degrees)
    # A residual contains the average of `together` groups: V = σ²(1 − 2/k) + mean(σ²)/k for a group with variance σ².
    average = float(own.mean()) * together / (together - 1)
    single = (shrunk - average / together) / (1 - 2 / together) if together > 2 else np.full(len(own), average)
    deviations[enough] = np.sqrt(np.maximum(single, SMALLEST_SHARE * average))
    if math.isinf(its_degrees):
        return deviations, degrees * (enough.sum() - 1)
    return deviations, degrees + COUNTED_SHARE * (its_degrees - degrees)


def residuals(units: Measured, groups: int) -> tuple[np.ndarray, float]:
    """The mean (k, R) of each group in each repeat over the other settings, minus the average of the groups that it
    can be compared with; and the mean number of groups in these averages.
    """
    repeats = int(units.repeat.max(initial=0)) + 1
    known = ~np.isnan(units.value)
    cell = (units.others * repeats + units.repeat)[known]
    count = np.bincount(cell)
    shared = count[cell] > 1
    value = units.value[known] - averages(cell, units.value[known], len(count))[cell]
    place = (units.group * repeats + units.repeat)[known]
    by_repeat = averages(place[shared], value[shared], groups * repeats).reshape(groups, repeats)
    return by_repeat, float(count[count > 1].mean()) if (count > 1).any() else 2.0


def rounded(degrees: float) -> float:
    """Degrees of freedom rounded down, or infinity for very many, so that few values of `pairwise_reach` are cached."""
    return math.inf if degrees > MANY_DEGREES else float(max(1, math.floor(degrees)))
