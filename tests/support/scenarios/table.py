"""`PYTHONPATH=tests python -m support.scenarios.table`: how many verdicts are right, by scenario and number of repeats.

Prints the tables of docs/explanation/verdict-accuracy.md.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from support.scenarios.measured import MEASURED
from support.scenarios.scenarios import SCENARIOS, Scenario
from support.scenarios.trained import Outcome, Trial, train
from support.scenarios.verdicts import (
    KINDS,
    REPEATS,
    REPEATS_OF_KNOWN,
    SEEDS,
    Judged,
    average_truths,
    judged,
    of_kind,
    share_of_false_alarms,
    share_right,
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(SEEDS.start, SEEDS.stop), metavar=("FIRST", "END"))
    options = parser.parse_args(arguments)
    for scenarios, numbers in ((MEASURED, REPEATS), (SCENARIOS, REPEATS_OF_KNOWN)):
        found = {scenario: train(scenario, range(*options.seeds), max(numbers)) for scenario in scenarios}
        print_table({repeats: all_judged(found, repeats) for repeats in numbers})
    print_known(found)


def all_judged(found: dict[Scenario, dict[Trial, Outcome]], repeats: int) -> dict[Scenario, list[Judged]]:
    return {scenario: list(judged(scenario, outcomes, repeats)) for scenario, outcomes in found.items()}


def print_table(by_repeats: dict[int, dict[Scenario, list[Judged]]]) -> None:
    """The share of right verdicts by scenario and overall, and the share of false alarms."""
    columns = list(by_repeats.values())
    print(
        line("scenario", "configurations", *("1 repeat" if count == 1 else f"{count} repeats" for count in by_repeats))
    )
    for scenario in columns[0]:
        print(line(scenario.name, len(scenario.cases), *(share_right(column[scenario]) for column in columns)))
    print(line("**mean**", "", *(np.mean([share_right(some) for some in column.values()]) for column in columns)))
    everything = [[each for some in column.values() for each in some] for column in columns]
    print(line("**all verdicts**", "", *map(share_right, everything)))
    print(line("**false alarms**", "", *map(share_of_false_alarms, everything)), end="\n\n")


def print_known(found: dict[Scenario, dict[Trial, Outcome]]) -> None:
    """The kinds of trouble, and the known answers with their average true excess and its parts."""
    columns = [all_judged(found, repeats) for repeats in REPEATS_OF_KNOWN]
    for kind in KINDS:
        print(line(kind, *(share_right(of_kind(kind, column)) for column in columns)))
    print()
    for scenario, outcomes in found.items():
        print(line(scenario.name, "", "", "", "", "", *(share_right(column[scenario]) for column in columns)))
        for truth in average_truths(scenario, outcomes):
            parts = [f"{value:+.2f}" for value in (truth.excess, truth.underfit, truth.overfit)]
            own = [[each for each in column[scenario] if each.case == truth.case] for column in columns]
            print(line("", truth.case.name, truth.case.known, *parts, *map(share_right, own)))


def line(*cells: object) -> str:
    texts = [f"{100 * cell:.1f} %" if isinstance(cell, float) else str(cell) for cell in cells]
    return "| " + " | ".join(texts) + " |"


if __name__ == "__main__":
    main()
