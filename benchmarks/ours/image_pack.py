"""Timing of the training steps of packs of convolutional networks, without E_t and E_v."""

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.network_shape import NetworkShape

from benchmarks.images import CASES, CHANNELS, CLASSES, HIDDEN, REPEATS, WINDOW, Case, images
from benchmarks.ours.layered_pack import time_network


def time_images(case: str, size: int, seconds: float) -> dict[str, float]:
    """µs per step and network of a pack of `size` networks with ReLU, over four repeats."""
    network = network_of(CASES[case])
    hidden = [(ACTIVATIONS["relu"](),) if layer.has_units else () for layer in network.layers[:-1]]
    functions = (*hidden, (ACTIVATIONS["identity"](),))
    return time_network(network, functions, images(CASES[case]), size, REPEATS, seconds)


def network_of(case: Case) -> NetworkShape:
    """The layers of a case."""
    paddings = ("valid", case.padding)
    first, second = (LAYERS["conv"](count, WINDOW, 1, how) for count, how in zip(CHANNELS, paddings, strict=True))
    pool = LAYERS["pool"](2)
    return NetworkShape((case.side, case.side, 1), (first, pool, second, pool, Dense(HIDDEN), Dense(CLASSES)))
