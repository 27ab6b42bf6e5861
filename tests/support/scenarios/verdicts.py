"""The verdicts on the sweeps of a scenario, compared with what is right.

Where answers are known beforehand (`scenarios.py`), they are right; elsewhere (`measured.py`), what fresh examples say
of the sweep at hand (`truth.py`). `python -m support.scenarios.table` prints how many are right.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.fit_differences import Errors
from fitgap.core.fit_verdicts import Constant, Verdict, fit_of_configuration, skill_of

from support.scenarios.scenarios import Case, Scenario
from support.scenarios.trained import Outcome, Trial
from support.scenarios.truth import NO_SKILL, truths

# The rule was developed on seeds below 12 and from 4000 to 4005; it is judged by these, and nothing was chosen by them.
SEEDS = range(5000, 5004)
REPEATS, REPEATS_OF_KNOWN = (1, 3, 8, 16), (1, 3)
# What a known answer takes, as shares of the least error attained: scenarios in between would prove nothing.
AS_GOOD, WORTH_NAMING = 0.1, 0.2
# A true excess below this share is none, whatever the rule tolerates; these verdicts are bad news.
NO_EXCESS = 0.05
BAD = (Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH)

Outcomes = Mapping[Trial, Outcome]
# The outcomes of every case in a sweep, one for each repeat.
Sweep = Mapping[Case, Sequence[Outcome]]

# What people ask about, each over all scenarios that have it.
KINDS: dict[str, Callable[[Scenario, Case], bool]] = {
    "a tiny network on digits": lambda scenario, case: scenario.name == "digits" and case.hidden in ((1,), (4,)),
    "a huge network on 50 noisy points": lambda scenario, case: (
        "noisy points" in scenario.name and case.hidden == (128, 128)
    ),
    "λ far too large": lambda scenario, case: case.why == "λ far too large",
    "one epoch only": lambda scenario, case: case.epochs == 1,
    "nothing but noise": lambda scenario, case: scenario.name.startswith("noise"),
    "a good fit": lambda scenario, case: case.known == Verdict.GOOD,
}


@dataclass(frozen=True)
class Judged:
    """The verdict on a case in one sweep, those that are right, and its true excess as a share of what the best case
    attains (NaN if unknown).
    """

    case: Case
    verdict: Verdict
    right: frozenset[Verdict]
    excess: float

    @property
    def is_right(self) -> bool:
        return self.verdict in self.right

    @property
    def is_false_alarm(self) -> bool:
        return self.excess < NO_EXCESS and self.verdict in BAD


def sweeps(scenario: Scenario, outcomes: Outcomes, repeats: int) -> Iterator[Sweep]:
    """Sweeps of so many repeats, as many of every seed as its repeats suffice for."""
    most = max(trial.repeat for trial in outcomes)
    for seed in sorted({trial.seed for trial in outcomes}):
        for first in range(1, most - repeats + 2, repeats):
            numbers = range(first, first + repeats)
            yield {case: [outcomes[Trial(case, seed, number)] for number in numbers] for case in scenario.cases}


def judged(scenario: Scenario, outcomes: Outcomes, repeats: int) -> Iterator[Judged]:
    """The verdicts on all cases in all sweeps of so many repeats."""
    for sweep in sweeps(scenario, outcomes, repeats):
        found = verdicts(sweep)
        truth = truths(sweep) if scenario.fresh else {}
        for case, verdict in found.items():
            right = frozenset({case.known}) if case.known else truth[case].right
            yield Judged(case, verdict, right, truth[case].excess if truth else np.nan)


def verdicts(sweep: Sweep) -> dict[Case, Verdict]:
    """The verdicts on the cases of a sweep, as the store finds them."""
    complete = {case: trials for case, trials in sweep.items() if not any(each.diverged for each in trials)}
    found = dict.fromkeys(sweep, Verdict.DIVERGED)
    if complete:
        reference = reference_errors(complete)
        constants = [each.constant for each in next(iter(complete.values()))]
        skill = skill_of(list(zip(reference, constants, strict=True)))
        constant = Constant(mean(each.e_v for each in constants), skill)
        for case, trials in complete.items():
            own = [each.last for each in trials]
            found[case] = fit_of_configuration(list(zip(own, reference, strict=True)), constant).verdict
    return found


def reference_errors(sweep: Sweep) -> list[Errors]:
    """The errors of the best case at its best epoch: the cross-fitted one, or the last one if that is better."""
    candidates = [
        errors
        for trials in sweep.values()
        for errors in ([each.honest for each in trials], [each.last for each in trials])
    ]
    return min(candidates, key=lambda errors: mean(each.e_v for each in errors))


def of_kind(kind: str, by_scenario: Mapping[Scenario, Sequence[Judged]]) -> list[Judged]:
    """The verdicts of one of the KINDS."""
    return [each for scenario, some in by_scenario.items() for each in some if KINDS[kind](scenario, each.case)]


def share_right(some: Iterable[Judged]) -> float:
    return mean(each.is_right for each in some)


def share_of_false_alarms(some: Iterable[Judged]) -> float:
    """The share of bad verdicts among the cases whose true excess is none."""
    return mean(each.is_false_alarm for each in some if each.excess < NO_EXCESS)


@dataclass(frozen=True)
class AverageTruth:
    """What a case is worth on average over all trials, by examples that no choice was made with.

    Relative to the least error that any case attains: excess, the parts of it, and the error of a constant.
    """

    case: Case
    excess: float
    underfit: float
    overfit: float
    constant: float

    @property
    def answer(self) -> Verdict | None:
        """What a configuration is called that is worth so much; None where it is neither good nor clearly worse."""
        if self.excess < AS_GOOD and 1 - 1 / self.constant < NO_SKILL:
            return Verdict.NO_SKILL
        if self.excess < WORTH_NAMING:
            return Verdict.GOOD if self.excess < AS_GOOD else None
        if min(self.underfit, self.overfit) >= max(self.underfit, self.overfit) / 2:
            return Verdict.BOTH
        return Verdict.UNDERFIT if self.underfit > self.overfit else Verdict.OVERFIT


def average_truths(scenario: Scenario, outcomes: Outcomes) -> list[AverageTruth]:
    """Of every case. Where there are no fresh examples, the unseen ones of all seeds and repeats stand for them."""

    def error(outcome: Outcome, epoch: str) -> float:
        return getattr(outcome, f"fresh_{epoch}") if scenario.fresh else getattr(outcome, epoch).e_v

    own = {case: [each for trial, each in outcomes.items() if trial.case == case] for case in scenario.cases}
    reference = min(own.values(), key=lambda trials: mean(error(each, "best") for each in trials))
    least = mean(error(each, "best") for each in reference)
    seen = mean(each.best.e_t for each in reference)
    constant = mean(each.constant.e_v for each in reference) / least
    found = []
    for case, trials in own.items():
        excess = mean(error(each, "last") for each in trials) - least
        underfit = mean(each.last.e_t for each in trials) - seen
        found.append(AverageTruth(case, excess / least, underfit / least, (excess - underfit) / least, constant))
    return found


def mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
