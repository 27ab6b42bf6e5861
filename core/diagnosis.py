"""Fit: how much worse a trial is than the reference of its sweep, by underfitting or by overfitting, and the verdict.

All differences are between two networks on the same examples of the same repeat: own errors after the last epoch, the
reference's after its best epoch. docs/explanation/fit.md says why the rule is as it is, and how often it is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, inf, isfinite, log, nan, sqrt

import numpy as np

# The version of the rule: verdicts that another one gave are due to be computed again.
RULE = 2
# An E_v less than this share above the reference's is as good as it.
NEGLIGIBLE = 0.15
# So many standard errors E_v must be above the reference's when nothing but E_v says so, for the reference is the
# luckiest of many; and at least so many whatever the examples seen say.
ALONE, LEAST = 3.5, 0.7
# The examples seen say so from these ratios of E_t to the reference's on, and each standard error by which they do
# makes up for so much of one of E_v.
FAR_BELOW, MAKES_UP_BELOW = 3 / 5, 0.5
FAR_ABOVE, MAKES_UP_ABOVE = 6 / 5, 1.0
# So many standard errors of a part below 0 are no chance any more.
CERTAINLY = 3.0
# Both parts are above 0 when each is by so many standard errors; by fewer where the excess has more than so many:
# then it is only not known how much of it is whose.
CLEARLY, LIKELY, BEYOND_DOUBT = 2.0, 1.0, 10.0
# Both parts are to blame when the smaller one is at least this share of the larger.
COMPARABLE = 0.5
# Stands in for an error of 0 where there is to be a logarithm.
SMALLEST = float(np.finfo(np.float64).tiny)


class Verdict(StrEnum):
    """What is wrong with a trial or a configuration, if anything."""

    GOOD = "good"
    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    BOTH = "both"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Errors:
    """Errors of one trial after one epoch.

    `e_t` and `e_v` are the means over all its training and validation examples, `count_t` and `count_v` in number, and
    `se_t` and `se_v` their standard errors (NaN: not known). `sample_t` and `sample_v` (n,) are errors of single
    examples, the same examples for all trials of a repeat; empty where none were kept.
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
    """excess = underfit + overfit, their standard errors (NaN: not known), and the verdict."""

    excess: float
    underfit: float
    overfit: float
    se_excess: float
    se_underfit: float
    se_overfit: float
    verdict: Verdict


@dataclass(frozen=True)
class Difference:
    """How far own errors are above the reference's on one side: of their means, and of the logarithms of these, each
    with its standard error (NaN: not known).
    """

    value: float
    error: float
    logarithm: float
    logarithm_error: float

    @property
    def steps(self) -> float:
        """The value in standard errors."""
        return in_errors(self.value, self.error)

    @property
    def logarithm_steps(self) -> float:
        return in_errors(self.logarithm, self.logarithm_error)


def fit_of_trial(own: Errors, reference: Errors) -> Fit:
    """The fit of a trial; `reference` is that of the same repeat."""
    return judged(unseen_difference(own, reference), seen_difference(own, reference))


def fit_of_configuration(pairs: Sequence[tuple[Errors, Errors]]) -> Fit:
    """The fit of a configuration from its own errors and the reference's in every repeat that completed."""
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
    """The difference of two means over `count` examples, own and the reference's.

    Its standard error is that of the differences of single examples, or where there are none, of independent means.
    """
    own_mean, reference_mean = (max(float(mean), SMALLEST) for mean in means)
    if 1 < len(samples[0]) == len(samples[1]):
        own, reference = (np.asarray(sample, np.float64) for sample in samples)
        error = paired_error(own, reference, count)
        # The first-order change of the logarithm of a mean with each of its examples.
        logarithm_error = paired_error(own / mean_above_zero(own), reference / mean_above_zero(reference), count)
    else:
        error = hypot(*errors)
        logarithm_error = hypot(errors[0] / own_mean, errors[1] / reference_mean)
    return Difference(float(means[0] - means[1]), error, log(own_mean / reference_mean), logarithm_error)


def paired_error(own: np.ndarray, reference: np.ndarray, count: int) -> float:
    """The standard error of the mean difference over `count` examples, from some (n,) of them."""
    differences = own - reference
    differences -= mean(differences)
    return sqrt(float(differences @ differences) / (len(differences) - 1) / count)


def mean_above_zero(values: np.ndarray) -> float:
    return max(mean(values), SMALLEST)


def mean(values: np.ndarray) -> float:
    # ndarray.mean takes several times as long for a few hundred numbers.
    return float(values.sum()) / len(values)


def over_repeats(differences: Sequence[Difference]) -> Difference:
    """The mean over repeats, and its standard error from those of the repeats.

    How much repeats differ does not count: where each by itself is clear, their mean is, however much they vary.
    """
    count = len(differences)
    return Difference(
        sum(each.value for each in differences) / count,
        hypot(*(each.error for each in differences)) / count,
        sum(each.logarithm for each in differences) / count,
        hypot(*(each.logarithm_error for each in differences)) / count,
    )


def in_errors(value: float, error: float) -> float:
    """A value in standard errors; a difference that does not vary at all is clear."""
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
    """The verdict from the differences on unseen and on seen examples, and of what is lost between them."""
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
    """The verdict where both parts are clearly above 0."""
    if min(underfit, overfit) >= COMPARABLE * max(underfit, overfit):
        return Verdict.BOTH
    return Verdict.UNDERFIT if underfit > overfit else Verdict.OVERFIT


def is_worse(unseen: Difference, underfit: Difference, overfit: Difference) -> bool:
    """Whether the excess is above 0: by more than is negligible, and as clearly as it takes."""
    takes = max(LEAST, ALONE - backing(underfit, overfit))
    return unseen.logarithm > log(1 + NEGLIGIBLE) and unseen.logarithm_steps > takes


def backing(underfit: Difference, overfit: Difference) -> float:
    """For how many standard errors of E_v the examples seen make up, in saying that unseen ones go worse."""
    if underfit.logarithm < log(FAR_BELOW):
        # It has learned by heart.
        return MAKES_UP_BELOW * max(0.0, -underfit.logarithm_steps)
    # Where certainly less is lost between seen and unseen, it may be the reference that has learned by heart.
    if underfit.logarithm > log(FAR_ABOVE) and overfit.steps > -CERTAINLY:
        return MAKES_UP_ABOVE * max(0.0, underfit.logarithm_steps)
    return 0.0
