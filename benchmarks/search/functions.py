"""Functions of four numbers from COCO's suite `bbob` (Hansen et al., 2009), whose lowest values are known."""

import math
from collections.abc import Sequence
from typing import Any

import cocoex
from fitgap.runner.spec import Configuration

from benchmarks.search.problem import NUMBER, Coordinate, Outcome, Values, lowest_so_far

DIMENSIONS = 4
# The number of each function in the suite.
FUNCTIONS = {"sphere": 1, "rastrigin": 3, "rosenbrock": 8, "attractive-sector": 6, "gallagher": 21}
LOW, HIGH = -5.0, 5.0
# Four settings that take numbers; their meaning for training does not matter here.
FIRST, LAST = 0.001, 0.999
SETTINGS = ("rate", "weight_decay", "beta_1", "beta_2")
SMALLEST = 1e-8


class Function:
    """One of the functions. Every seed has its own instance, shifted and rotated."""

    coordinates = (Coordinate(NUMBER),) * DIMENSIONS
    measure = "log10 of the distance to the lowest value"
    objectives = 1

    def __init__(self, name: str, seed: int):
        self.name = name
        self._problem = cocoex.BareProblem("bbob", FUNCTIONS[name], DIMENSIONS, seed + 1)
        self._lowest = self._problem.best_value()

    @property
    def axes(self) -> dict[str, Any]:
        """Four ranges of settings of one optimizer."""
        numbers = {"range": [FIRST, LAST], "scale": "linear"}
        return {"architecture": ["none"], "optimizer": [{"adamw": dict.fromkeys(SETTINGS, numbers)}]}

    def values(self, configuration: Configuration) -> Values:
        """The settings, as shares of their ranges."""
        optimizer = configuration.optimizer.variant
        return tuple((getattr(optimizer, name) - FIRST) / (LAST - FIRST) for name in SETTINGS)

    def outcome(self, values: Values) -> Outcome:
        """The distance to the lowest value."""
        return Outcome(float(self._problem([LOW + (HIGH - LOW) * each for each in values]) - self._lowest))

    def scores(self, outcomes: Sequence[Outcome]) -> list[float]:
        """Orders of magnitude, because the worst seed would dominate a mean of the distances themselves."""
        return [math.log10(max(error, SMALLEST)) for error in lowest_so_far(outcomes)]
