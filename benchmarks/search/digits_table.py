"""Networks on digits, looked up in a table that fitgap has recorded: `python -m benchmarks.search.digits_table`.

For all combinations of the settings below, the table holds E_v after every epoch and the honest E_v, that is, E_v at
the best epoch according to other examples. Methods minimize the honest E_v. A rate between those of the table is
rounded to the nearest one.
"""

import itertools
import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from fitgap.runner.spec import Configuration

from benchmarks.search.problem import NUMBER, OPTION, Coordinate, Outcome, Values, lowest_so_far, position

RECORDED = Path(__file__).parents[1] / "recorded" / "digits_table.npz"
EPOCHS = 15
ARCHITECTURES = ("8", "16", "32", "64", "16-16", "32-16", "32-32", "64-32")
ACTIVATIONS = ("relu", "tanh", "sigmoid")
PENALTIES = (0.0, 1e-4, 1e-3, 1e-2)
BATCH_SIZES = (16, 32, 64)
RATES = {"adam": (1e-4, 1e-1), "momentum": (1e-3, 1.0)}
RATES_RECORDED = 8
INPUTS, CLASSES = 64, 10
SHAPE = (len(ARCHITECTURES), len(ACTIVATIONS), len(PENALTIES), len(RATES), RATES_RECORDED, len(BATCH_SIZES))
# The coordinate that is a number; the others are positions in the lists above.
RATE = 4


def parameters(architecture: str) -> int:
    """The number of weights and biases of a network, by its hidden layers."""
    sizes = [INPUTS, *map(int, architecture.split("-")), CLASSES]
    return sum((inputs + 1) * outputs for inputs, outputs in itertools.pairwise(sizes))


# In the order of ARCHITECTURES.
PARAMETERS = tuple(map(parameters, ARCHITECTURES))


class DigitsTable:
    """The recorded networks as a problem.

    In the sweep, the rate of each optimizer is a coordinate of its own. Peers have one rate for both optimizers,
    because some of them do not support coordinates that depend on others.
    """

    name = "digits"
    coordinates = tuple(
        Coordinate(NUMBER) if place == RATE else Coordinate(OPTION, SHAPE[place]) for place in range(len(SHAPE))
    )
    measure = "honest E_v"
    objectives = 1

    def __init__(self, name: str = "digits", seed: int = 0):
        self._table = recorded()

    @property
    def axes(self) -> dict[str, Any]:
        rates = [{name: {"rate": {"range": list(ends), "scale": "log"}}} for name, ends in RATES.items()]
        return axes_with(rates)

    def values(self, configuration: Configuration) -> Values:
        """The positions of the settings, and the rate as a share of its range."""
        optimizer = list(RATES).index(configuration.optimizer.name)
        low, high = RATES[configuration.optimizer.name]
        share = math.log(configuration.optimizer.variant.rate / low) / math.log(high / low)
        weight = sum(each.variant.weight for each in configuration.regularizers)
        return (
            ARCHITECTURES.index("-".join(map(str, configuration.architecture))),
            ACTIVATIONS.index(configuration.activation[0][0].name),
            PENALTIES.index(weight),
            optimizer,
            share,
            BATCH_SIZES.index(configuration.batch_size),
        )

    def outcome(self, values: Values) -> Outcome:
        """The honest E_v of the network with the nearest rate, and its number of parameters."""
        places = [position(each, RATES_RECORDED) if place == RATE else int(each) for place, each in enumerate(values)]
        return Outcome(float(self._table[tuple(places)]), PARAMETERS[places[0]])

    def scores(self, outcomes: Sequence[Outcome]) -> list[float]:
        return list(lowest_so_far(outcomes))


def axes_with(optimizers: list[Any]) -> dict[str, Any]:
    """The axes, in the order of the table."""
    penalties = ["none" if not weight else {"l2": {"weight": weight}} for weight in PENALTIES]
    return {
        "architecture": list(ARCHITECTURES),
        "activation": list(ACTIVATIONS),
        "regularizer": penalties,
        "optimizer": optimizers,
        "batch_size": list(BATCH_SIZES),
    }


@cache
def recorded() -> np.ndarray:
    """The honest E_v of all recorded networks, shape `SHAPE`."""
    with np.load(RECORDED, allow_pickle=False) as arrays:
        return arrays["honest_e_v"].astype(float)


def rates(optimizer: str) -> list[float]:
    """The recorded rates: the midpoints of equal parts of the range on a logarithmic scale."""
    low, high = RATES[optimizer]
    shares = ((place + 0.5) / RATES_RECORDED for place in range(RATES_RECORDED))
    return [float(f"{low * (high / low) ** share:.4g}") for share in shares]


def record() -> None:
    """Train all networks and write the table."""
    from fitgap import run_sweep

    optimizers = [{name: {"rate": rate}} for name in RATES for rate in rates(name)]
    sweep = {"name": "digits", "data": "digits", "training": {"epochs": EPOCHS}, "axes": axes_with(optimizers)}
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        trained = run_sweep(sweep, db=str(Path(folder) / "digits.db"))
        trials, epochs = trained.trials(), trained.epochs()
    # Trials are in the order of the plan, in which the last axis varies fastest.
    planned = [each[2:] for each in itertools.product(ARCHITECTURES, ACTIVATIONS, PENALTIES, *map(range, SHAPE[3:]))]
    assert trials["batch_size"].to_list() == [BATCH_SIZES[each[-1]] for each in planned]
    honest = trials["honest_e_v"].cast(float).fill_null(np.inf).to_numpy()
    curves = np.full((len(trials), EPOCHS), np.inf)
    place = {trial: number for number, trial in enumerate(trials["trial"].to_list())}
    rows = [place[trial] for trial in epochs["trial"].to_list()]
    curves[rows, epochs["epoch"].to_numpy() - 1] = epochs["e_v"].to_numpy()
    np.savez_compressed(
        RECORDED,
        honest_e_v=honest.reshape(SHAPE).astype(np.float32),
        e_v=curves.reshape(*SHAPE, EPOCHS).astype(np.float16),
    )


if __name__ == "__main__":
    record()
