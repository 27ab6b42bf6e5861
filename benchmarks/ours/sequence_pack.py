"""Timing of the training steps of packs of recurrent networks, without E_t and E_v."""

from fitgap.core.activations import ACTIVATIONS
from fitgap.core.layers import LAYERS
from fitgap.core.layers.dense import Dense
from fitgap.core.network_shape import NetworkShape

from benchmarks.ours.layered_pack import time_network
from benchmarks.sequences import CASES, CHANNELS, OUTPUTS, REPEATS, STEPS, UNITS, sequences


def time_sequences(case: str, size: int, seconds: float) -> dict[str, float]:
    """µs per step and network of a pack of `size` networks with tanh, over four repeats."""
    network = NetworkShape((STEPS, CHANNELS), (LAYERS[CASES[case]](UNITS), Dense(OUTPUTS)))
    hidden = (ACTIVATIONS["tanh"](),) if network.layers[0].has_functions else ()
    return time_network(network, (hidden, (ACTIVATIONS["identity"](),)), sequences(), size, REPEATS, seconds)
