"""Diagnosis of fit: how much worse a trial is than its sweep's reference, by underfitting or overfitting; verdicts.

All differences compare two networks on the same examples of the same repeat: the trial after its last epoch, the
reference after its best epoch. docs/explanation/fit.md explains the rule and reports how often it is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, isfinite, log, nan, sqrt

import numpy as np

# The version of the rule. Verdicts computed with another version are recomputed.
RULE = 2
# An E_v less than this share above the reference's is considered equally good.
NEGLIGIBLE = 0.15
# How many standard errors E_v must be above the reference's: ALONE if only E_v is evidence (strict, because the
# reference is the luckiest of many trials), and never fewer than LEAST, however strong the evidence from E_t.
ALONE, LEAST = 3.5, 0.7
# E_t counts as evidence below or above these ratios to the reference's. Each standard error of E_t then lowers the
# standard errors required of E_v by the second number.
FAR_BELOW, MAKES_UP_BELOW = 3 / 5, 0.5
FAR_ABOVE, MAKES_UP_ABOVE = 6 / 5, 1.0
# A component this many standard errors below 0 is negative beyond chance.
CERTAINLY = 3.0
# Both components are positive if each is above 0 by CLEARLY standard errors. LIKELY suffices if the excess is above 0
# by BEYOND_DOUBT: then only its division between the two is uncertain.
CLEARLY, LIKELY, BEYOND_DOUBT = 2.0, 1.0, 10.0
# The verdict is "both" if the smaller component is at least this share of the larger.
COMPARABLE = 0.5
# Replaces an error of 0 before taking its logarithm.
SMALLEST = float(np.finfo(np.float64).tiny)


class Verdict(StrEnum):
    """What is wrong with a trial or a configuration, if anything."""

    GOOD = "good"
    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    BOTH = "both"
    UNCLEAR = "unclear"
    # No better than a constant prediction, in a sweep in which nothing is.
    NO_SKILL = "no_skill"
    # At least one repeat of the configuration diverged.
    DIVERGED = "diverged"


@dataclass(frozen=True)
class Errors:
    """Errors of one trial after one epoch.

    `e_t` and `e_v` are the means over all `count_t` training and `count_v` validation examples, `se_t` and `se_v` their
    standard errors (NaN if unknown). `sample_t` and `sample_v` (n,) are the errors of sampled examples, the same
    examples for all trials of a repeat; empty if none were stored.
    """

    e_t: float
    e_v: float
    count_t: int
    count_v: int
    sample_t: np.ndarray
    sample_v: np.ndarray
    se_t: float = nan
    se_v: float = nan


@dataclass(frozen=True)
class Fit:
    """excess = underfit + overfit, their standard errors (NaN if unknown), and the verdict."""

    excess: float
    underfit: float
    overfit: float
    se_excess: float
    se_underfit: float
    se_overfit: float
    verdict: Verdict


@dataclass(frozen=True)
class Difference:
    """By how much a trial's mean error exceeds the reference's on one side, and the difference of the logarithms of the
    means, each with its standard error (NaN if unknown).
    """

    value: float
    error: float
    logarithm: float
    logarithm_error: float

    @property
    def steps(self) -> float:
        """The difference in units of its standard error."""
        return in_errors(self.value, self.error)

    @property
    def logarithm_steps(self) -> float:
        return in_errors(self.logarithm, self.logarithm_error)


def fit_of_trial(own: Errors, reference: Errors) -> Fit:
    """The fit of a trial; `reference` must be of the same repeat."""
    return judged(unseen_difference(own, reference), seen_difference(own, reference))


def fit_of_configuration(pairs: Sequence[tuple[Errors, Errors]]) -> Fit:
    """The fit of a configuration, from pairs of its errors and the reference's for every completed repeat."""
    unseen = [unseen_difference(own, reference) for own, reference in pairs]
    seen = [seen_difference(own, reference) for own, reference in pairs]
    return judged(over_repeats(unseen), over_repeats(seen))


def unseen_difference(own: Errors, reference: Errors) -> Difference:
    means, errors = (own.e_v, reference.e_v), (own.se_v, reference.se_v)
    return difference(means, errors, (own.sample_v, reference.sample_v), own.count_v)


def seen_difference(own: Errors, reference: Errors) -> Difference:
    means, errors = (own.e_t, reference.e_t), (own.se_t, reference.se_t)
    return difference(means, errors, (own.sample_t, reference.sample_t), own.count_t)


def difference(
    means: tuple[float, float], errors: tuple[float, float], samples: tuple[np.ndarray, np.ndarray], count: int
) -> Difference:
    """The difference of two means over `count` examples: the trial's minus the reference's.

    Its standard error is computed from paired examples if there are samples, else as for independent means.
    """
    own_mean, reference_mean = (max(float(mean), SMALLEST) for mean in means)
    if 1 < len(samples[0]) == len(samples[1]):
        own, reference = (np.asarray(sample, np.float64) for sample in samples)
        error = paired_error(own, reference, count)
        # Delta method: the first-order effect of each example on the logarithm of the mean.
        logarithm_error = paired_error(own / mean_above_zero(own), reference / mean_above_zero(reference), count)
    else:
        error = hypot(*errors)
        logarithm_error = hypot(errors[0] / own_mean, errors[1] / reference_mean)
    return Difference(float(means[0] - means[1]), error, log(own_mean / reference_mean), logarithm_error)


def paired_error(own: np.ndarray, reference: np.ndarray, count: int) -> float:
    """Standard error of the mean difference over `count` examples, estimated from samples (n,)."""
    differences = own - reference
    differences -= mean(differences)
    return sqrt(float(differences @ differences) / (len(differences) - 1) / count)


def mean_above_zero(values: np.ndarray) -> float:
    return max(mean(values), SMALLEST)


def mean(values: np.ndarray) -> float:
    # ndarray.mean is several times slower for a few hundred numbers.
    return float(values.sum()) / len(values)


def over_repeats(differences: Sequence[Difference]) -> Difference:
    """The mean over repeats, with a standard error propagated from those of the repeats.

    The variation between repeats does not enter: if each repeat is clear on its own, so is their mean.
    """
    count = len(differences)
    return Difference(
        sum(each.value for each in differences) / count,
        hypot(*(each.error for each in differences)) / count,
        sum(each.logarithm for each in differences) / count,
        hypot(*(each.logarithm_error for each in differences)) / count,
    )


def in_errors(value: float, error: float) -> float:
    """A value in standard errors; ±infinity if the standard error is 0."""
    if error > 0 or value == 0:
        return value / error if error > 0 else 0.0
    return inf if value > 0 else -inf


def judged(unseen: Difference, seen: Difference) -> Fit:
    """The fit with its verdict."""
    gap = unseen.value - seen.value
    overfit = Difference(gap, hypot(unseen.error, seen.error), nan, nan)
    verdict = verdict_of(unseen, seen, overfit)
    return Fit(unseen.value, seen.value, gap, unseen.error, seen.error, overfit.error, verdict)


def verdict_of(unseen: Difference, underfit: Difference, overfit: Difference) -> Verdict:
    """The verdict, from the differences on unseen and seen examples and the gap between the two."""
    if not (isfinite(unseen.logarithm_error) and isfinite(overfit.error) and isfinite(overfit.value)):
        return Verdict.UNCLEAR
    if not is_worse(unseen, underfit, overfit):
        return Verdict.GOOD
    if max(underfit.steps, overfit.steps) < LIKELY:
        return Verdict.UNCLEAR
    if min(underfit.steps, overfit.steps) > (LIKELY if unseen.logarithm_steps > BEYOND_DOUBT else CLEARLY):
        return verdict_by_size(underfit.value, overfit.value)
    return Verdict.UNDERFIT if underfit.steps > overfit.steps else Verdict.OVERFIT


def verdict_by_size(underfit: float, overfit: float) -> Verdict:
    """The verdict if both components are clearly above 0."""
    if min(underfit, overfit) >= COMPARABLE * max(underfit, overfit):
        return Verdict.BOTH
    return Verdict.UNDERFIT if underfit > overfit else Verdict.OVERFIT


def is_worse(unseen: Difference, underfit: Difference, overfit: Difference) -> bool:
    """Whether the excess is both more than negligible and statistically significant."""
    required = max(LEAST, ALONE - seen_evidence(underfit, overfit))
    return unseen.logarithm > log(1 + NEGLIGIBLE) and unseen.logarithm_steps > required


def seen_evidence(underfit: Difference, overfit: Difference) -> float:
    """By how many standard errors the evidence from seen examples lowers the requirement on E_v."""
    if underfit.logarithm < log(FAR_BELOW):
        # The trial has memorized its examples.
        return MAKES_UP_BELOW * max(0.0, -underfit.logarithm_steps)
    # If the trial's gap is certainly smaller than the reference's, it may be the reference that memorized.
    if underfit.logarithm > log(FAR_ABOVE) and overfit.steps > -CERTAINLY:
        return MAKES_UP_ABOVE * max(0.0, underfit.logarithm_steps)
    return 0.0
