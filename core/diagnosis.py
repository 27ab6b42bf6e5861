"""Fit: how much worse a trial is than the reference of its sweep, by underfitting or by overfitting, and the verdict.

All differences are between two networks on the same examples of the same repeat: own errors after the last epoch, the
reference's after its best epoch. docs/fit.md says why the rule is as it is, and how often it is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, isfinite, nan, sqrt

import numpy as np

# The version of the rule: verdicts that another one gave are due to be computed again.
RULE = 1
# So many standard errors a difference has to be above 0.
CLEARLY = 2.0
# Both parts are to blame when the smaller one is at least this share of the larger.
COMPARABLE = 0.5


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


def fit_of_trial(own: Errors, reference: Errors) -> Fit:
    """The fit of a trial; `reference` is that of the same repeat."""
    excess, underfit = own.e_v - reference.e_v, own.e_t - reference.e_t
    se_excess = paired_error(own.sample_v, reference.sample_v, own.count_v, hypot(own.se_v, reference.se_v))
    se_underfit = paired_error(own.sample_t, reference.sample_t, own.count_t, hypot(own.se_t, reference.se_t))
    return judged(excess, underfit, se_excess, se_underfit)


def fit_of_configuration(pairs: Sequence[tuple[Errors, Errors]]) -> Fit:
    """The fit of a configuration from its own errors and the reference's in every repeat that completed."""
    fits = [fit_of_trial(own, reference) for own, reference in pairs]
    if len(fits) == 1:
        return fits[0]
    excess, se_excess = over_repeats([fit.excess for fit in fits], [fit.se_excess for fit in fits])
    underfit, se_underfit = over_repeats([fit.underfit for fit in fits], [fit.se_underfit for fit in fits])
    return judged(excess, underfit, se_excess, se_underfit)


def paired_error(own: np.ndarray, reference: np.ndarray, count: int, unpaired: float) -> float:
    """The standard error of a difference of means over `count` examples, from some of them; else the unpaired one."""
    if not 1 < len(own) == len(reference):
        return unpaired
    differences = np.subtract(own, reference, dtype=np.float64)
    differences -= differences.mean()
    return sqrt(float(differences @ differences) / (len(differences) - 1) / count)


def over_repeats(values: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """The mean over repeats and its standard error: by the examples or by how repeats differ, whichever is larger."""
    by_examples = sqrt(sum(error * error for error in errors)) / len(errors)
    by_repeats = float(np.std(values, ddof=1)) / sqrt(len(values))
    return sum(values) / len(values), max(by_examples, by_repeats) if isfinite(by_examples) else by_repeats


def judged(excess: float, underfit: float, se_excess: float, se_underfit: float) -> Fit:
    """The fit with its verdict, from the excess and its underfit part."""
    overfit, se_overfit = excess - underfit, hypot(se_excess, se_underfit)
    verdict = verdict_of((excess, underfit, overfit), (se_excess, se_underfit, se_overfit))
    return Fit(excess, underfit, overfit, se_excess, se_underfit, se_overfit, verdict)


def verdict_of(values: tuple[float, float, float], errors: tuple[float, float, float]) -> Verdict:
    """From excess, underfit and overfit, and their standard errors."""
    if not all(map(isfinite, errors)):
        return Verdict.UNCLEAR
    is_worse, underfits, overfits = (value > CLEARLY * error for value, error in zip(values, errors, strict=True))
    if not is_worse:
        return Verdict.GOOD
    _, underfit, overfit = values
    if underfits and overfits and min(underfit, overfit) >= COMPARABLE * max(underfit, overfit):
        return Verdict.BOTH
    if underfits and not (overfits and overfit > underfit):
        return Verdict.UNDERFIT
    return Verdict.OVERFIT if overfits else Verdict.UNCLEAR
