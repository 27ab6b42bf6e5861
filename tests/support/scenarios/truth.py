"""What is right about the configurations of a sweep, by fresh examples that no choice was made with.

Defined before the rule was developed, and without it. All errors are means over the repeats of the sweep at hand:

- A configuration *attains*, by stopping at the best time, the error of fresh examples after its best epoch, which its
  validation examples choose. The best configuration is the one that attains least.
- The true excess of a configuration is its error of fresh examples after the last epoch, minus what the best one
  attains. Its underfit part is by how much E_t is above that of the best one at its best epoch, its overfit part the
  rest.
- A configuration of which a repeat diverged is `diverged`, and nothing else.
- An excess of at most 15 % of what the best one attains, or of at most 2 % of the error of a constant prediction, is
  none: the configuration is `good`. From there to 30 % it may also be called `unclear`, or what it would be beyond.
- Beyond, the larger part gives the name. If the smaller is at least a third of it, `both` is right too; if it is at
  least two thirds, any of the three.
- If the best configuration attains less than 2 % less than a constant prediction, nothing was learned: what is `good`,
  `underfit` or `unclear` is called `no_skill` instead. If it attains up to 10 % less, either will do.
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
# What `no_skill` says in other words: neither good for anything nor learned.
NOTHING_LEARNED = {Verdict.GOOD, Verdict.UNDERFIT, Verdict.UNCLEAR}


@dataclass(frozen=True)
class Truth:
    """The true excess of a configuration and its parts, relative to what the best one attains; and the right verdicts.

    NaN and `diverged` if a repeat diverged.
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
    """The verdicts that are right, given what the best configuration attains and the error of a constant."""
    right = by_excess(excess, underfit, least, constant)
    skill = 1 - least / constant
    if skill < NO_SKILL and right & NOTHING_LEARNED:
        return (right - NOTHING_LEARNED) | {Verdict.NO_SKILL}
    if skill < SOME_SKILL and right & NOTHING_LEARNED:
        return right | {Verdict.NO_SKILL}
    return right


def by_excess(excess: float, underfit: float, least: float, constant: float) -> set[Verdict]:
    """The same, whether or not anything was learned."""
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
