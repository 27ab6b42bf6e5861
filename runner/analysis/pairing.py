"""Paired differences between groups of trials. A pair has the same repeat and differs only in the grouped settings.

All configurations share the split, the initial weights and the batches of a repeat, so pairs of one repeat are not
independent. Therefore they are averaged first, and the interval is computed from the means of the repeats.
"""

import math
from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled
from fitgap.runner.analysis.spreads import averages, deviation, ratio
from fitgap.runner.analysis.student import quantile

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Differences:
    """For each group, its difference from a baseline group: mean, standard error and half-width of the interval.

    With a single repeat, the error reflects only the variation over the other settings. Values are NaN if there are too
    few pairs, and for the baseline group itself. Intervals hold for the differences of `compared` groups at once;
    `degrees` are the degrees of freedom of the errors, or NaN if each has its own.
    """

    mean: np.ndarray
    error: np.ndarray
    margin: np.ndarray
    pairs: np.ndarray
    repeats: np.ndarray
    compared: int = 2
    degrees: float = math.nan


@dataclass(frozen=True)
class Measured:
    """One value per trial, with the indices (from 0) of its group, of its other settings and of its repeat."""

    group: np.ndarray
    others: np.ndarray
    repeat: np.ndarray
    value: np.ndarray


def differences(measured: Measured, groups: int, against: int, spent: int = 0) -> Differences:
    """The differences of all groups from the baseline group `against`.

    `spent` degrees of freedom were already used up, by a choice common to all these values.
    """
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
    margin = error * quantiles(samples - spent)
    return Differences(scale * mean, scale * error, scale * margin, pairs, repeats)


def paired(measured: Measured, against: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group, repeat and difference of every trial outside the group `against` that has a partner in it."""
    repeat_count = int(measured.repeat.max(initial=0)) + 1
    cell = measured.others * repeat_count + measured.repeat
    known = ~np.isnan(measured.value)
    here = known & (measured.group == against)
    partner = averages(cell[here], measured.value[here], int(cell.max(initial=0)) + 1)
    difference = measured.value - partner[cell]
    chosen = ~np.isnan(difference) & (measured.group != against)
    return measured.group[chosen], measured.repeat[chosen], difference[chosen]


def quantiles(samples: np.ndarray) -> np.ndarray:
    """The half-width of a confidence interval in standard errors, for these numbers of samples."""
    sizes, place = np.unique(samples, return_inverse=True)
    reach = [quantile((1 + CONFIDENCE) / 2, int(size) - 1) if size > 1 else np.nan for size in sizes]
    return np.array(reach)[place]
