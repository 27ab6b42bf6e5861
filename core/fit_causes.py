"""Likely causes of underfitting and overfitting, found from a trial's error curves, units and weights, with remedies.

The names of causes and remedies are for programs. The other texts are for people and state the observation.
"""

from collections.abc import Sequence
from dataclasses import replace

from fitgap.core.error_curves import Instability, instability
from fitgap.core.fit_facts import Cause, Facts, FoundCause, Test, percent, times
from fitgap.core.fit_remedies import Remedy
from fitgap.core.fit_verdicts import Verdict
from fitgap.core.overfitting import OVERFITTING, stopping_removes
from fitgap.core.underfitting import GROWN, UNDERFITTING

# Stopping at the best epoch is the first advice if it would remove at least this share of the excess.
WORTH_STOPPING = 0.9
# A linear network has many inputs if it has at least this many parameters per training example.
MANY_INPUTS = 0.1
# From this λ on, the penalty is the first thing to change in a linear network.
CRUSHING = 0.1
LINEAR_AND_PENALTY = (Cause.LINEAR_NETWORK, Cause.WEIGHTS_NEAR_ZERO, Cause.STRONG_REGULARIZER)
# If E_t fell by less than this in the late window, a network smaller than the reference should rather be larger.
FALLING_FAST = 0.05
# The learning rate is also too high if weights have grown to the first multiple, and E_t ended above the second
# multiple of a constant prediction's error.
SHAKEN, ABOVE_CONSTANT = 2.0, 1.1


def rank_of_linear(found: FoundCause, facts: Facts, is_both: bool) -> int:
    """The rank of a cause in a linear network: either adding a hidden layer or reducing the penalty comes first."""
    # With many inputs, a network that also overfits would overfit more with a hidden layer.
    overfits_more = is_both and facts.parameters > MANY_INPUTS * facts.training_count
    penalty_first = overfits_more or max(facts.penalties.values(), default=0.0) >= CRUSHING
    return 3 if penalty_first == (found.cause is Cause.LINEAR_NETWORK) else 2


# Often consequences of other causes, unless the weights have grown.
CONSEQUENCES = (Cause.DEAD_UNITS, Cause.SATURATED_UNITS, Cause.CONSTANT_OUTPUT)
OPPOSITES = {
    Remedy.LOWER_RATE: Remedy.HIGHER_RATE,
    Remedy.HIGHER_RATE: Remedy.LOWER_RATE,
    Remedy.LARGER_NETWORK: Remedy.SMALLER_NETWORK,
    Remedy.SMALLER_NETWORK: Remedy.LARGER_NETWORK,
    Remedy.MORE_EPOCHS: Remedy.FEWER_EPOCHS,
    Remedy.LATER_STOPPING: Remedy.FEWER_EPOCHS,
    Remedy.FEWER_EPOCHS: Remedy.MORE_EPOCHS,
}


def causes(verdict: Verdict, facts: Facts) -> list[FoundCause]:
    """The likely causes of a verdict, most informative first. An unclear verdict is tested for causes of both kinds."""
    if verdict is Verdict.GOOD:
        return []
    if verdict is Verdict.DIVERGED:
        return [FoundCause(Cause.DIVERGED, None, "the error became infinite or NaN", steadying(facts))]
    if verdict is Verdict.NO_SKILL:
        verdict = Verdict.OVERFIT if facts.memorized else Verdict.UNDERFIT
    tests: list[Test] = [unstable]
    if verdict is not Verdict.OVERFIT:
        tests += UNDERFITTING
    if verdict is not Verdict.UNDERFIT:
        tests += OVERFITTING
    is_both = verdict is Verdict.BOTH
    ordered = sorted([found for test in tests if (found := test(facts))], key=lambda each: rank(each, facts, is_both))
    # Two tests may find the same cause.
    return without_contradictions(list({each.cause: each for each in reversed(ordered)}.values())[::-1])


def without_contradictions(found: Sequence[FoundCause]) -> list[FoundCause]:
    """The causes without those remedies that are the opposite of an earlier cause's first remedy."""
    kept: list[FoundCause] = []
    excluded: set[Remedy] = set()
    for each in found:
        remedies = tuple(remedy for remedy in each.remedies if remedy not in excluded)
        if remedies:
            kept.append(replace(each, remedies=remedies))
            excluded |= {OPPOSITES[remedies[0]]} if remedies[0] in OPPOSITES else set()
    return kept


def rank(found: FoundCause, facts: Facts, is_both: bool) -> int:
    """The rank of a cause: the lower, the sooner to try it. The order of the tests decides between equal ranks."""
    if found.cause is Cause.UNSTABLE:
        # Instability matters less if the network has memorized its examples anyway. As its test runs first, it comes
        # first among equal ranks.
        return 3 if facts.memorized_well else 1
    if found.cause is Cause.ROSE and stopping_removes(facts) >= WORTH_STOPPING:
        return 1
    # Dead units are the cause if weights have grown, otherwise more often a consequence.
    if found.cause in CONSEQUENCES and facts.growth >= GROWN:
        return 1
    if facts.is_linear and found.cause in LINEAR_AND_PENALTY:
        return rank_of_linear(found, facts, is_both)
    is_fall = found.cause in (Cause.STILL_FALLING, Cause.STOPPED_EARLY)
    is_weak_fall = is_fall and found.value is not None and found.value < FALLING_FAST
    return 3 if is_weak_fall and facts.is_smaller_than_reference else 2


def steadying(facts: Facts) -> tuple[Remedy, ...]:
    """Remedies for unstable training. Gradients through many time steps may explode in single batches."""
    return (Remedy.LOWER_RATE, Remedy.CLIPPED_GRADIENT) if facts.has_free_loops else (Remedy.LOWER_RATE,)


def unstable(facts: Facts) -> FoundCause | None:
    """E_t jumps, rises, or ends far above an earlier value: the learning rate is too high, whatever E_v does."""
    found = instability(facts.e_t, facts.numbers, facts.constant_e_t)
    remedies = steadying(facts)
    # A strong penalty makes the weights shrink and E_t rise.
    if found and found.kind == "ended" and facts.is_strongly_regularized and facts.has_shrunk:
        return None
    if found:
        return FoundCause(Cause.UNSTABLE, found.value, instability_in_words(found), remedies)
    constant = facts.constant_e_t
    if not constant or facts.growth < SHAKEN or facts.e_t[-1] < ABOVE_CONSTANT * constant:
        return None
    ratio = float(facts.e_t[-1]) / constant
    seen = f"E_t ended {times(ratio)} as high as for a constant prediction, with weights that have grown"
    return FoundCause(Cause.UNSTABLE, ratio, seen, remedies)


def instability_in_words(found: Instability) -> str:
    if found.kind == "ended":
        return f"E_t ended {times(found.value)} as high as after epoch {found.epoch}"
    if found.kind == "jumped":
        return f"E_t jumped to {times(found.value)} its value in epoch {found.epoch}"
    return f"E_t keeps going up and down by {percent(found.value)} from epoch to epoch"
