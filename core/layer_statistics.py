"""Statistics of units and weights per layer: evidence for why a network underfits or overfits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.batches import Tables, batches
from fitgap.core.evaluation import CHUNK
from fitgap.core.layers.bound_recurrent import BoundRecurrent
from fitgap.core.losses import Loss
from fitgap.core.network import Networks
from fitgap.core.workspace import Workspace

# Units are judged on at most this many examples, which one call evaluates.
MOST_EXAMPLES = CHUNK
# A weight is near zero if it is at most this fraction of the initial root mean square of its layer.
NEAR_ZERO = 0.01
# A unit is saturated if its slope is below this fraction of the steepest, for this share of the examples.
FLAT, SHARE_OF_FLAT = 0.05, 0.95
# The points among which the steepest slope of a function is found.
GRID = np.linspace(-8, 8, 161)[None, :, None]
SIGNIFICANT_DIGITS = 4


@dataclass(frozen=True)
class LayerStatistics:
    """Counts for one layer of a network after its last epoch.

    Of its `units`, `dead` give the same output for the whole sample, and `saturated` backpropagate hardly any error. Of
    its `weights`, `near_zero` are close to 0; `rms` and `rms_start` are their root mean squares after and before
    training. `gradient` is the root mean square of the derivatives of the mean error with respect to the weights, None
    if not finite. In a layer whose outputs have several axes, a unit is a channel: it is dead if it is constant over
    all positions.
    """

    units: int
    dead: int
    saturated: int
    weights: int
    near_zero: int
    rms: float
    rms_start: float
    gradient: float | None


def layer_statistics(
    networks: Networks,
    tables: Tables,
    chosen: np.ndarray,
    repeat_rows: np.ndarray,
    rms_start: np.ndarray,
    loss: Loss,
) -> list[list[LayerStatistics]]:
    """The statistics of each network's layers that have units.

    `tables` holds the examples of each repeat, `repeat_rows` (K,) the index of each network's repeat. Units are judged,
    and the gradient of the mean error is computed, on the rows `chosen` (R, n), or some of them, without dropout and
    penalties. This overwrites the gradient of the networks. `rms_start` (K, L) is the result of `root_mean_squares`
    before training; L counts layers that have units.
    """
    units, gradients = unit_statistics(networks, tables, evenly(chosen, MOST_EXAMPLES), repeat_rows, loss)
    rms = root_mean_squares(networks)
    near_zero = small_weights(networks, NEAR_ZERO * rms_start)
    return [
        [
            LayerStatistics(
                units=networks.shape.channels[number],
                dead=int(units[layer][0][row]),
                saturated=int(units[layer][1][row]),
                weights=columns.stop - columns.start,
                near_zero=int(near_zero[row, layer]),
                rms=rounded(rms[row, layer]),
                rms_start=rounded(rms_start[row, layer]),
                gradient=rounded(gradients[row, layer]) if math.isfinite(gradients[row, layer]) else None,
            )
            for layer, (number, columns) in enumerate(
                zip(networks.shape.unit_layers, networks.layout.weight_columns(), strict=True)
            )
        ]
        for row in range(len(rms))
    ]


def as_plain(layers: Sequence[LayerStatistics]) -> list[dict[str, float]]:
    """The layers of a network as JSON-ready data."""
    return [dict(vars(layer)) for layer in layers]


def evenly(chosen: np.ndarray, wanted: int) -> np.ndarray:
    """At most `wanted` of the examples (R, n), evenly spaced, because adjacent ones may be of one class."""
    return chosen[:, :: -(-chosen.shape[1] // wanted)]


def rounded(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def root_mean_squares(networks: Networks) -> np.ndarray:
    """The root mean square of the weights of every network and layer (K, L), without biases."""
    return rms_of_layers(networks, networks.parameters)


def rms_of_layers(networks: Networks, values: np.ndarray) -> np.ndarray:
    """The root mean square (K, L) of values (K, P) that belong to the weights of every layer."""
    layers = [values[:, columns].astype(np.float64) for columns in networks.layout.weight_columns()]
    return np.stack([np.sqrt(np.mean(weights * weights, axis=1)) for weights in layers], axis=1)


def small_weights(networks: Networks, limits: np.ndarray) -> np.ndarray:
    """The number (K, L) of weights of every network and layer whose magnitude is at most the limit (K, L)."""
    return np.stack(
        [
            (np.abs(networks.parameters[:, columns]) <= limits[:, layer, None]).sum(axis=1)
            for layer, columns in enumerate(networks.layout.weight_columns())
        ],
        axis=1,
    )


@np.errstate(all="ignore")
def unit_statistics(
    networks: Networks, tables: Tables, order: np.ndarray, repeat_rows: np.ndarray, loss: Loss
) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """For every layer that has units, how many of them (K,) are dead and how many saturated on the examples `order`
    (R, n); and the root mean squares (K, L) of the gradient of these examples' mean error.
    """
    gradient = np.zeros_like(networks.gradient)
    trackers = [UnitTracker(networks, layer) for layer in networks.shape.unit_layers]
    for inputs, targets in batches(tables, order, CHUNK):
        work = Workspace(
            len(repeat_rows), inputs.shape[1], networks.layout, networks.dtype, repeat_rows, own_inputs=False
        )
        work.load_batch(inputs, targets)
        networks.evaluate_for_training(work, None)
        for tracker in trackers:
            tracker.add(work)
        delta = work.deltas[-1]
        loss.gradient(work.outputs, work.targets, out=delta)
        delta *= delta.dtype.type(1 / order.shape[1])
        networks.backpropagate(work)
        gradient += networks.gradient
    return [tracker.counts() for tracker in trackers], rms_of_layers(networks, gradient)


class UnitTracker:
    """The range of the outputs of a layer's units (K, n), and the number of positions, over all examples, at which
    their slope is flat.
    """

    def __init__(self, networks: Networks, layer: int):
        shape = len(networks.parameters), networks.shape.channels[layer]
        self.layer = layer
        self.lowest, self.highest = np.full(shape, np.inf), np.full(shape, -np.inf)
        self.flat, self.positions = np.zeros(shape, int), np.zeros((shape[0], 1), int)
        # A layer of identities has no slopes in a workspace and is never flat; nor is a layer with fixed functions.
        is_flat = bool(networks.functions[layer]) if networks.applies_functions(layer) else not networks.is_plain(layer)
        self.limit = (FLAT * steepest(networks, layer)).astype(networks.dtype) if is_flat else None

    def add(self, work: Workspace) -> None:
        outputs = work.per_channel(work.activations[self.layer], self.layer)
        padded = self._padded(work)
        lowest = highest = outputs
        if padded is not None and outputs.shape[1] == padded.shape[1] * padded.shape[2]:
            of_outputs = padded.swapaxes(1, 2).reshape(len(padded), -1, 1)
            lowest, highest = np.where(of_outputs, np.inf, outputs), np.where(of_outputs, -np.inf, outputs)
        np.minimum(self.lowest, lowest.min(axis=1), out=self.lowest)
        np.maximum(self.highest, highest.max(axis=1), out=self.highest)
        if self.limit is not None:
            is_flat = np.abs(self._slopes(work)) < self.limit[:, None]
            counts = True if padded is None else ~padded.reshape(len(padded), -1, 1)
            self.flat += np.count_nonzero(is_flat & counts, axis=1)
            self.positions += is_flat.shape[1] if padded is None else np.count_nonzero(counts, axis=1)

    def _padded(self, work: Workspace) -> np.ndarray | None:
        """Which steps (K, T, B, 1) of a recurrent layer are padding; None if sequences are not padded."""
        bound = work.bound[self.layer - 1]
        return bound.real.padded if isinstance(bound, BoundRecurrent) and bound.real else None

    def _slopes(self, work: Workspace) -> np.ndarray:
        """The slopes (K, positions, n); for a recurrent layer, at all steps."""
        bound = work.bound[self.layer - 1]
        if isinstance(bound, BoundRecurrent):
            return bound.slopes()
        return work.per_channel(work.slopes[self.layer], self.layer)

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """How many units (K,) are dead, and how many of the others are saturated."""
        dead = self.lowest == self.highest
        saturated = (self.flat >= SHARE_OF_FLAT * self.positions) & ~dead & (self.positions > 0)
        return dead.sum(axis=1), saturated.sum(axis=1)


def steepest(networks: Networks, layer: int) -> np.ndarray:
    """The largest |f′| on a grid, for the function of every unit of a layer (K, n)."""
    found = np.zeros((len(networks.parameters), networks.shape.channels[layer]))
    for group, numbers in zip(networks.functions[layer], networks.numbers[layer], strict=True):
        x = np.repeat(GRID.astype(networks.dtype), group.rows.stop - group.rows.start, axis=0)
        a = np.empty_like(x)
        group.function.value(x, a, **numbers)
        group.function.derivative(x, a, x, **numbers)
        found[group.rows, group.units] = np.abs(x).max(axis=1)
    return found
