"""Statistics of the units and weights of networks, layer by layer: evidence of why they fit as they do."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.batches import Tables, batches
from fitgap.core.evaluation import CHUNK
from fitgap.core.network import Networks, Workspace

# At most so many examples tell of units: one call's worth.
MOST_EXAMPLES = CHUNK
# A weight is near zero when it is no larger than this part of what the weights of its layer were at the start.
NEAR_ZERO = 0.01
# A unit is saturated where its function rises by less than this part of its steepest rise, for so many examples.
FLAT, SHARE_OF_FLAT = 0.05, 0.95
# Where the steepest rise of a function is looked for.
GRID = np.linspace(-8, 8, 161)[None, :, None]
SIGNIFICANT_DIGITS = 4


@dataclass(frozen=True)
class LayerStatistics:
    """One layer of a network after its last epoch.

    Of its `units`, `dead` give the same output for the whole sample, and `saturated` pass hardly any error back. Of its
    `weights`, `near_zero` are; `rms` and `rms_start` are their root mean squares now and before the first epoch.
    """

    units: int
    dead: int
    saturated: int
    weights: int
    near_zero: int
    rms: float
    rms_start: float


def layer_statistics(
    networks: Networks, tables: Tables, chosen: np.ndarray, repeat_rows: np.ndarray, rms_start: np.ndarray
) -> list[list[LayerStatistics]]:
    """The layers of each network, whose repeats `repeat_rows` (K,) have the tables; units are judged on the `chosen`
    (R, n) of their examples. `rms_start` (K, L) is what `root_mean_squares` was before training.
    """
    units = unit_statistics(networks, tables, evenly(chosen, MOST_EXAMPLES), repeat_rows)
    rms = root_mean_squares(networks)
    near_zero = small_weights(networks, NEAR_ZERO * rms_start)
    return [
        [
            LayerStatistics(
                units=outputs,
                dead=int(units[layer][0][row]),
                saturated=int(units[layer][1][row]),
                weights=inputs * outputs,
                near_zero=int(near_zero[row, layer]),
                rms=rounded(rms[row, layer]),
                rms_start=rounded(rms_start[row, layer]),
            )
            for layer, (inputs, outputs) in enumerate(networks.layout.connections())
        ]
        for row in range(len(rms))
    ]


def as_plain(layers: Sequence[LayerStatistics]) -> list[dict[str, float]]:
    """The layers of a network as plain data."""
    return [dict(vars(layer)) for layer in layers]


def evenly(chosen: np.ndarray, wanted: int) -> np.ndarray:
    """At most so many of the examples (R, n), from all over them: neighbours may be of one class."""
    return chosen[:, :: -(-chosen.shape[1] // wanted)]


def rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def weight_columns(networks: Networks) -> list[slice]:
    """Where the weights of each layer lie in the buffer."""
    ends = np.cumsum([0, *(inputs * outputs for inputs, outputs in networks.layout.connections())]).tolist()
    return [slice(start, stop) for start, stop in itertools.pairwise(ends)]


def root_mean_squares(networks: Networks) -> np.ndarray:
    """The root mean square of the weights of every network and layer (K, L), without biases."""
    layers = [networks.parameters[:, columns].astype(np.float64) for columns in weight_columns(networks)]
    return np.stack([np.sqrt(np.mean(weights * weights, axis=1)) for weights in layers], axis=1)


def small_weights(networks: Networks, limits: np.ndarray) -> np.ndarray:
    """How many weights of every network and layer (K, L) are not beyond the limits (K, L)."""
    return np.stack(
        [
            (np.abs(networks.parameters[:, columns]) <= limits[:, layer, None]).sum(axis=1)
            for layer, columns in enumerate(weight_columns(networks))
        ],
        axis=1,
    )


@np.errstate(all="ignore")
def unit_statistics(
    networks: Networks, tables: Tables, order: np.ndarray, repeat_rows: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """For every layer that computes, how many units (K,) are dead and how many saturated on examples (R, n)."""
    spans = [Span(networks, layer) for layer in range(1, networks.layout.depth + 1)]
    for inputs, targets in batches(tables, order, CHUNK):
        work = Workspace(
            len(repeat_rows), inputs.shape[1], networks.layout, networks.dtype, repeat_rows, own_inputs=False
        )
        work.load_batch(inputs, targets)
        networks.evaluate_for_training(work, None)
        for span in spans:
            span.add(work)
    return [span.counts(order.shape[1]) for span in spans]


class Span:
    """Between what the outputs of a layer's units (K, n) lie, and for how many examples their functions are flat."""

    def __init__(self, networks: Networks, layer: int):
        shape = len(networks.parameters), networks.layout.sizes[layer]
        self.layer = layer
        self.lowest, self.highest = np.full(shape, np.inf), np.full(shape, -np.inf)
        self.flat = np.zeros(shape, int)
        # Identities have no slopes in a workspace, and are flat nowhere.
        self.limit = None if networks.is_plain(layer) else (FLAT * steepest(networks, layer)).astype(networks.dtype)

    def add(self, work: Workspace) -> None:
        outputs = work.activations[self.layer]
        np.minimum(self.lowest, outputs.min(axis=1), out=self.lowest)
        np.maximum(self.highest, outputs.max(axis=1), out=self.highest)
        if self.limit is not None:
            self.flat += np.count_nonzero(np.abs(work.slopes[self.layer]) < self.limit[:, None], axis=1)

    def counts(self, example_count: int) -> tuple[np.ndarray, np.ndarray]:
        """How many units (K,) are dead, and how many of the others are saturated."""
        dead = self.lowest == self.highest
        saturated = (self.flat >= SHARE_OF_FLAT * example_count) & ~dead
        return dead.sum(axis=1), saturated.sum(axis=1)


def steepest(networks: Networks, layer: int) -> np.ndarray:
    """The largest |f′| of the function of every unit of a layer (K, n), found on a grid."""
    found = np.zeros((len(networks.parameters), networks.layout.sizes[layer]))
    for run, numbers in zip(networks.functions[layer], networks.numbers[layer], strict=True):
        x = np.repeat(GRID.astype(networks.dtype), run.rows.stop - run.rows.start, axis=0)
        a = np.empty_like(x)
        run.function.value(x, a, **numbers)
        run.function.derivative(x, a, x, **numbers)
        found[run.rows, run.units] = np.abs(x).max(axis=1)
    return found
