"""The right verdicts on the configurations of a sweep, from fresh examples that played no part in any choice.

Defined before the rule was developed, and without it. All errors are means over the repeats of the sweep at hand:

- A configuration *attains*, by stopping at the best time, its error on fresh examples after its best epoch, which is
  chosen by its validation examples. The best configuration is the one that attains the lowest error.
- The true excess of a configuration is its error on fresh examples after the last epoch, minus the error that the best
  one attains. Its underfit part is its E_t minus that of the best one at its best epoch; its overfit part is the rest.
- A configuration with a diverged repeat is `diverged`, and nothing else.
- An excess of at most 15 % of what the best one attains, or of at most 2 % of the error of a constant prediction, does
  not count: the configuration is `good`. Up to 30 %, it may also be called `unclear`, or by the verdict it would have
  above that.
- Above that, the larger part decides the verdict. If the smaller one is at least a third of it, `both` is right too; if
  it is at least two thirds, any of the three.
- If the best configuration attains less than 2 % less than a constant prediction, nothing was learned: `no_skill`
  replaces `good`, `underfit` and `unclear`. If it attains up to 10 % less, either is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.fit_verdicts import Verdict

from support.scenarios.trained import Outcome

NEGLIGIBLE, OBVIOUS = 0.15, 0.30
FLOOR = 0.02
NO_SKILL, SOME_SKILL = 0.02, 0.10
BOTH, ANY = 1 / 3, 2 / 3

GOOD, UNCLEAR = Verdict.GOOD, Verdict.UNCLEAR
# The verdicts that `no_skill` replaces.
NOTHING_LEARNED = {Verdict.GOOD, Verdict.UNDERFIT, Verdict.UNCLEAR}


@dataclass(frozen=True)
class Truth:
    """The true excess of a configuration and its parts, relative to what the best one attains; and the right verdicts.

    If a repeat diverged, the numbers are NaN and the verdict is `diverged`.
    """

    excess: float
    underfit: float
    overfit: float
    right: frozenset[Verdict]


def truths(sweep: Mapping[int, Sequence[Outcome]]) -> dict[int, Truth]:
    """The truth about every configuration of a sweep, given by the outcomes of its repeats."""
    complete = {key: trials for key, trials in sweep.items() if not any(each.diverged for each in trials)}
    diverged = Truth(np.nan, np.nan, np.nan, frozenset({Verdict.DIVERGED}))
    found = dict.fromkeys(sweep, diverged)
    if not complete:
        return found
    attained = {key: mean(each.fresh_best for each in trials) for key, trials in complete.items()}
    best = min(attained, key=lambda key: attained[key])
    least, constant = attained[best], mean(each.fresh_constant for each in complete[best])
    seen = mean(each.best.e_t for each in complete[best])
    for key, trials in complete.items():
        excess = mean(each.fresh_last for each in trials) - least
        underfit = mean(each.last.e_t for each in trials) - seen
        right = right_verdicts(excess, underfit, least, constant)
        found[key] = Truth(excess / least, underfit / least, (excess - underfit) / least, frozenset(right))
    return found


def right_verdicts(excess: float, underfit: float, least: float, constant: float) -> set[Verdict]:
    """The right verdicts, given what the best configuration attains and the error of a constant prediction."""
    right = by_excess(excess, underfit, least, constant)
    skill = 1 - least / constant
    if skill < NO_SKILL and right & NOTHING_LEARNED:
        return (right - NOTHING_LEARNED) | {Verdict.NO_SKILL}
    if skill < SOME_SKILL and right & NOTHING_LEARNED:
        return right | {Verdict.NO_SKILL}
    return right


def by_excess(excess: float, underfit: float, least: float, constant: float) -> set[Verdict]:
    """The right verdicts without regard to `no_skill`."""
    if excess <= NEGLIGIBLE * least or excess <= FLOOR * constant:
        return {GOOD}
    overfit = excess - underfit
    larger, smaller = max(underfit, overfit), min(underfit, overfit)
    right = {Verdict.UNDERFIT if underfit >= overfit else Verdict.OVERFIT}
    if smaller >= BOTH * larger:
        right.add(Verdict.BOTH)
    if smaller >= ANY * larger:
        right |= {Verdict.UNDERFIT, Verdict.OVERFIT}
    return right | ({GOOD, UNCLEAR} if excess <= OBVIOUS * least else set())


def mean(values) -> float:
    return float(np.mean(list(values)))
