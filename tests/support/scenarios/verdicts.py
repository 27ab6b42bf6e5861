"""The verdicts of a scenario's sweeps, one for each seed, held against the known answers.

`PYTHONPATH=tests python -m support.scenarios.verdicts` prints the tables of docs/explanation/verdict-accuracy.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import Pool

import numpy as np
from fitgap.core.fit import Verdict, fit_of_configuration, fit_of_trial

from support.scenarios.scenarios import SCENARIOS, Case, Scenario
from support.scenarios.trained import Outcome, Trial, train

# The rule was developed on seeds below 40; it was judged by these, and nothing was chosen by them.
SEEDS = range(2000, 2060)
REPEATS = 3
# What a known answer takes, as shares of the least error attained: scenarios in between would prove nothing.
AS_GOOD, WORTH_NAMING = 0.1, 0.2

Outcomes = Mapping[Trial, Outcome]

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
    """The verdict on a case in the sweep of one seed."""

    case: Case
    seed: int
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        return self.verdict == self.case.known


def verdicts(scenario: Scenario, outcomes: Outcomes, repeats: int) -> Iterator[Judged]:
    """The verdicts on all cases and seeds, in sweeps of so many repeats."""
    numbers = range(1, repeats + 1)
    for seed in sorted({trial.seed for trial in outcomes}):
        own = {case: [outcomes[Trial(case, seed, repeat)] for repeat in numbers] for case in scenario.cases}
        reference = min(own.values(), key=lambda trials: sum(each.best.e_v for each in trials))
        for case, trials in own.items():
            pairs = [(mine.last, others.best) for mine, others in zip(trials, reference, strict=True)]
            fit = fit_of_trial(*pairs[0]) if repeats == 1 else fit_of_configuration(pairs)
            yield Judged(case, seed, fit.verdict)


def of_kind(kind: str, judged: Mapping[Scenario, Sequence[Judged]]) -> list[Judged]:
    """The verdicts of one of the KINDS."""
    return [each for scenario, some in judged.items() for each in some if KINDS[kind](scenario, each.case)]


def share_right(judged: Sequence[Judged]) -> float:
    return sum(each.is_right for each in judged) / len(judged)


@dataclass(frozen=True)
class Truth:
    """What a case is worth on average over all trials, by examples that no choice was made with.

    Relative to the least error that any case attains: excess, and the parts of it.
    """

    case: Case
    excess: float
    underfit: float
    overfit: float

    @property
    def answer(self) -> Verdict | None:
        """What a configuration is called that is worth so much; None where it is neither good nor clearly worse."""
        if self.excess < WORTH_NAMING:
            return Verdict.GOOD if self.excess < AS_GOOD else None
        if min(self.underfit, self.overfit) >= max(self.underfit, self.overfit) / 2:
            return Verdict.BOTH
        return Verdict.UNDERFIT if self.underfit > self.overfit else Verdict.OVERFIT


def truths(scenario: Scenario, outcomes: Outcomes) -> list[Truth]:
    """Of every case. Where there are no fresh examples, the unseen ones of all seeds and repeats stand for them."""

    def error(outcome: Outcome, epoch: str) -> float:
        return getattr(outcome, f"fresh_{epoch}") if scenario.fresh else getattr(outcome, epoch).e_v

    own = {case: [each for trial, each in outcomes.items() if trial.case == case] for case in scenario.cases}
    reference = min(own.values(), key=lambda trials: np.mean([error(each, "best") for each in trials]))
    least = np.mean([error(each, "best") for each in reference])
    seen = np.mean([each.best.e_t for each in reference])
    found = []
    for case, trials in own.items():
        excess = np.mean([error(each, "last") for each in trials]) - least
        underfit = np.mean([each.last.e_t for each in trials]) - seen
        found.append(Truth(case, excess / least, underfit / least, (excess - underfit) / least))
    return found


def report(number: int) -> tuple[str, list[list[Judged]]]:
    """Lines of a table about the scenario of this number, and its verdicts with one and with several repeats."""
    scenario = SCENARIOS[number]
    outcomes = train(scenario, SEEDS, REPEATS)
    judged = [list(verdicts(scenario, outcomes, repeats)) for repeats in (1, REPEATS)]
    lines = [line(scenario.name, "", "", "", "", "", *map(share_right, judged))]
    for truth in truths(scenario, outcomes):
        shares = [share_right([each for each in some if each.case == truth.case]) for some in judged]
        parts = [f"{value:+.2f}" for value in (truth.excess, truth.underfit, truth.overfit)]
        lines.append(line("", truth.case.name, truth.case.known, *parts, *shares))
    return "\n".join(lines), judged


def line(*cells: object) -> str:
    texts = [f"{100 * cell:.3g} %" if isinstance(cell, float) else str(cell) for cell in cells]
    return "| " + " | ".join(texts) + " |"


def main() -> None:
    with Pool() as processes:
        reports = processes.map(report, range(len(SCENARIOS)), chunksize=1)
    print("\n".join(text for text, _ in reports), end="\n\n")
    judged = [{SCENARIOS[number]: found[column] for number, (_, found) in enumerate(reports)} for column in (0, 1)]
    for kind in KINDS:
        found = [of_kind(kind, each) for each in judged]
        print(line(kind, len(found[0]), *map(share_right, found)))
    everything = [[each for some in column.values() for each in some] for column in judged]
    print(line("all", len(everything[0]), *map(share_right, everything)))


if __name__ == "__main__":
    main()
