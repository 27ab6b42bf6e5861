"""Differences between groups of trials, paired: alike in everything but what they are grouped by, and in the repeat.

All configurations share the split, the initial weights and the batches of a repeat. So the pairs of one repeat are not
independent of each other: first their mean is taken, and the repeats' means are what an interval is computed from.
"""

from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled
from fitgap.runner.analysis.spreads import averages, deviation, ratio
from fitgap.runner.analysis.student import quantile

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Differences:
    """Of each group, the difference to one of them: mean, standard error, half of the interval, pairs, repeats.

    With a single repeat the error speaks of the other settings alone. NaN where there is nothing to tell it from, as in
    the row of that group itself.
    """

    mean: np.ndarray
    error: np.ndarray
    margin: np.ndarray
    pairs: np.ndarray
    repeats: np.ndarray


@dataclass(frozen=True)
class Measured:
    """One value per trial, with the number of its group, of its other settings and of its repeat, each from 0 on."""

    group: np.ndarray
    others: np.ndarray
    repeat: np.ndarray
    value: np.ndarray


def differences(measured: Measured, groups: int, against: int) -> Differences:
    """The differences of all groups to the group `against`."""
    group, repeat, difference = paired(measured, against)
    difference, scale = scaled(difference)
    pairs = np.bincount(group, minlength=groups)
    repeat_count = int(measured.repeat.max(initial=0)) + 1
    by_repeat = averages(group * repeat_count + repeat, difference, groups * repeat_count).reshape(groups, -1)
    repeats = np.count_nonzero(~np.isnan(by_repeat), axis=1)
    mean = ratio(np.nansum(by_repeat, axis=1), repeats)
    over_repeats = deviation(np.nansum((by_repeat - mean[:, None]) ** 2, axis=1), repeats - 1)
    over_settings = deviation(np.bincount(group, (difference - mean[group]) ** 2, groups), pairs - 1)
    samples = np.where(repeats > 1, repeats, pairs)
    error = ratio(np.where(repeats > 1, over_repeats, over_settings), np.sqrt(samples))
    margin = error * quantiles(samples)
    return Differences(scale * mean, scale * error, scale * margin, pairs, repeats)


def paired(measured: Measured, against: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group, repeat and difference of every trial that has a partner in the group `against`, where it is not in it."""
    repeat_count = int(measured.repeat.max(initial=0)) + 1
    cell = measured.others * repeat_count + measured.repeat
    known = ~np.isnan(measured.value)
    here = known & (measured.group == against)
    partner = averages(cell[here], measured.value[here], int(cell.max(initial=0)) + 1)
    difference = measured.value - partner[cell]
    chosen = ~np.isnan(difference) & (measured.group != against)
    return measured.group[chosen], measured.repeat[chosen], difference[chosen]


def quantiles(samples: np.ndarray) -> np.ndarray:
    """How many standard errors an interval reaches to each side, by the number of samples it is from."""
    sizes, place = np.unique(samples, return_inverse=True)
    reach = [quantile((1 + CONFIDENCE) / 2, int(size) - 1) if size > 1 else np.nan for size in sizes]
    return np.array(reach)[place]
