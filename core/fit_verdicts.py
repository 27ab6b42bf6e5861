"""Diagnosis of fit: verdicts, and how much worse a trial is than its reference because it underfits or overfits.

All differences compare two networks on the same examples of the same repeat: the trial after its last epoch, the
reference at its best epoch. docs/explanation/fit.md explains the rule and reports how often it is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, hypot, isfinite, log

from fitgap.core.fit_differences import Difference, Errors, Pair, Side, difference, in_errors

# The version of the rule. Verdicts computed with another version are recomputed.
RULE = 4
# A trial is worse than the reference if the excess is above the second share of the reference's E_v, and significantly
# above the first. With the second, the ratio of the errors is about the geometric mean of 1.15 and 1.3.
NONE, WORTH_NAMING = 0.05, 0.22
# An excess of at most this share of the E_v of a constant prediction counts as none.
FLOOR = 0.02
# By how many standard errors the excess must be above NONE. ALONE applies if only E_v is evidence; it is strict because
# the reference was selected as the best of many. The others are the least numbers required, however strong the evidence
# from E_t: LEAST_ABOVE if E_t is above the reference's, LEAST_BELOW if it is far below.
ALONE, LEAST_ABOVE, LEAST_BELOW = 3.0, 1.0, 1.3
# E_t is evidence if its ratio to the reference's is below FAR_BELOW or above FAR_ABOVE. Each standard error by which it
# differs then lowers the number of standard errors required of E_v by the second number.
FAR_BELOW, MAKES_UP_BELOW = 3 / 5, 0.5
FAR_ABOVE, MAKES_UP_ABOVE = 6 / 5, 1.0
# A component this many standard errors below 0 is significantly negative.
CERTAINLY = 3.0
# Both components are positive if each is above 0 by CLEARLY standard errors. LIKELY suffices if the excess is above 0
# by BEYOND_DOUBT: then only its division between the two is uncertain.
CLEARLY, LIKELY, BEYOND_DOUBT = 2.0, 1.0, 10.0
# The verdict is "both" if the smaller component is at least this share of the larger.
COMPARABLE = 0.5
# The reference clearly has skill if its E_v is significantly below the first share of a constant prediction's E_v. It
# has none if its E_v is above the first share and significantly above the second. BEYOND_CHANCE is the number of
# standard errors that counts as significant.
HARDLY_BELOW, WELL_BELOW = 0.95, 0.85
BEYOND_CHANCE = 1.65


class Verdict(StrEnum):
    """What is wrong with a trial or a configuration, if anything."""

    GOOD = "good"
    UNDERFIT = "underfit"
    OVERFIT = "overfit"
    BOTH = "both"
    UNCLEAR = "unclear"
    # No better than a constant prediction, in a sweep in which no configuration is.
    NO_SKILL = "no_skill"
    # At least one repeat of the configuration diverged.
    DIVERGED = "diverged"


class Skill(StrEnum):
    """Whether the reference of a sweep is better than a constant prediction on unseen examples."""

    CLEAR = "clear"
    UNCERTAIN = "uncertain"
    NONE = "none"


# Verdicts that are replaced by NO_SKILL, which says more, if the reference has no skill.
REPLACED_WITHOUT_SKILL = (Verdict.GOOD, Verdict.UNDERFIT, Verdict.UNCLEAR)


@dataclass(frozen=True)
class Constant:
    """E_v of the best constant prediction, 0 if unknown, and the skill of the sweep's reference, None if unknown."""

    e_v: float = 0.0
    skill: Skill | None = None


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


UNKNOWN = Constant()


def fit_of_trial(own: Errors, reference: Errors, constant: Constant = UNKNOWN) -> Fit:
    """The fit of a trial; `reference` must be of the same repeat."""
    return fit_of_configuration([(own, reference)], constant)


def fit_of_configuration(pairs: Sequence[Pair], constant: Constant = UNKNOWN) -> Fit:
    """The fit of a configuration, from pairs of its errors and the reference's for every completed repeat."""
    unseen, seen = difference(pairs, Side.VALIDATION), difference(pairs, Side.TRAINING)
    gap = Difference(unseen.value - seen.value, hypot(unseen.error, seen.error))
    verdict = verdict_of(unseen, seen, gap, constant.e_v)
    if constant.skill is Skill.NONE and verdict in REPLACED_WITHOUT_SKILL:
        verdict = Verdict.NO_SKILL
    return Fit(unseen.value, seen.value, gap.value, unseen.error, seen.error, gap.error, verdict)


def skill_of(pairs: Sequence[Pair]) -> Skill | None:
    """The skill of the reference, from pairs of its errors and those of a constant prediction; None if unknown."""
    unseen = difference(pairs, Side.VALIDATION)
    if not isfinite(unseen.logarithm_error):
        return None

    def steps_above(share: float) -> float:
        return in_errors(unseen.logarithm - log(share), unseen.logarithm_error)

    if steps_above(HARDLY_BELOW) < -BEYOND_CHANCE:
        return Skill.CLEAR
    is_hardly_below = unseen.logarithm > log(HARDLY_BELOW)
    return Skill.NONE if is_hardly_below and steps_above(WELL_BELOW) > BEYOND_CHANCE else Skill.UNCERTAIN


def verdict_of(unseen: Difference, underfit: Difference, overfit: Difference, constant_e_v: float) -> Verdict:
    """The verdict, from the differences on unseen and seen examples and the gap between the two."""
    if not (isfinite(unseen.logarithm_error) and isfinite(overfit.error) and isfinite(overfit.value)):
        return Verdict.UNCLEAR
    if unseen.value <= FLOOR * constant_e_v or not is_worse(unseen, underfit, overfit):
        return Verdict.GOOD
    if max(underfit.steps, overfit.steps) < LIKELY:
        return Verdict.UNCLEAR
    required = LIKELY if unseen.logarithm_steps > BEYOND_DOUBT else CLEARLY
    smaller, larger = sorted((underfit.value, overfit.value))
    if min(underfit.steps, overfit.steps) > required and smaller >= COMPARABLE * larger:
        return Verdict.BOTH
    return Verdict.UNDERFIT if at_least(underfit) > at_least(overfit) else Verdict.OVERFIT


def at_least(part: Difference) -> float:
    """A cautious estimate of a part: its value less one standard error, on a logarithmic scale if it is positive.

    A few huge errors enlarge both a mean and its standard error, so that the plain difference says nothing.
    """
    return part.value * exp(-part.error / part.value) if part.value > 0 else part.value - part.error


def is_worse(unseen: Difference, underfit: Difference, overfit: Difference) -> bool:
    """Whether the excess is both large enough to matter and statistically significant."""
    steps = in_errors(unseen.logarithm - log(1 + NONE), unseen.logarithm_error)
    return unseen.logarithm > log(1 + WORTH_NAMING) and steps > required_steps(underfit, overfit)


def required_steps(underfit: Difference, overfit: Difference) -> float:
    """By how many standard errors the excess must be above NONE, given the evidence from training examples."""
    if underfit.logarithm < log(FAR_BELOW):
        # The trial has memorized its examples.
        return max(LEAST_BELOW, ALONE - MAKES_UP_BELOW * max(0.0, -underfit.logarithm_steps))
    # If the trial's gap is certainly smaller than the reference's, it may be the reference that memorized.
    if underfit.logarithm > log(FAR_ABOVE) and overfit.steps > -CERTAINLY:
        return max(LEAST_ABOVE, ALONE - MAKES_UP_ABOVE * max(0.0, underfit.logarithm_steps))
    return ALONE
