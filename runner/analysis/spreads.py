"""Spreads of a group: the variation between repeats of a configuration, and the variation between configurations."""

from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled


@dataclass(frozen=True)
class Spreads:
    """Standard deviations for each group: `within` over the repeats of a configuration, pooled over configurations, and
    `between` of the configurations' means. NaN if there are fewer than two values.
    """

    within: np.ndarray
    between: np.ndarray


def spreads(configuration: np.ndarray, value: np.ndarray, group_of: np.ndarray, groups: int) -> Spreads:
    """The spreads, from the configuration and the value of each trial, and the group of each configuration."""
    known = ~np.isnan(value)
    configuration = configuration[known]
    value, scale = scaled(value[known])
    repeats = np.bincount(configuration, minlength=len(group_of))
    means = averages(configuration, value, len(group_of))
    deviations = value - means[configuration]
    has_mean = repeats > 0
    members, group = means[has_mean], group_of[has_mean]
    return Spreads(
        within=scale
        * deviation(
            np.bincount(group_of[configuration], deviations**2, groups),
            np.bincount(group, repeats[has_mean] - 1, groups),
        ),
        between=scale
        * deviation(
            np.bincount(group, (members - averages(group, members, groups)[group]) ** 2, groups),
            np.bincount(group, minlength=groups) - 1,
        ),
    )


def averages(place: np.ndarray, value: np.ndarray, places: int) -> np.ndarray:
    """The mean of the values in each place; NaN for a place without values."""
    return ratio(np.bincount(place, value, places), np.bincount(place, minlength=places))


def deviation(squares: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """The standard deviation from a sum of squares and degrees of freedom; NaN without degrees of freedom."""
    return np.sqrt(ratio(squares, np.maximum(degrees, 0)))


def ratio(sum_: np.ndarray, count: np.ndarray) -> np.ndarray:
    """sum/count; NaN if the count is 0."""
    return np.divide(sum_, count, out=np.full(len(sum_), np.nan), where=count > 0)
