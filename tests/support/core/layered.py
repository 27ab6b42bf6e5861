"""Networks of all kinds of layers: drawn architectures, and members with functions for the layers that have units."""

from dataclasses import replace

import numpy as np
from fitgap.core.evaluation import CHUNK
from fitgap.core.initializers import GlorotUniform
from fitgap.core.layers import LAYERS, Convolution, Gated, Normalization, Residual
from fitgap.core.layers.dense import Dense
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import NetworkShape
from fitgap.core.optimizers import GradientDescent
from fitgap.core.preprocessing import Examples
from fitgap.core.schedules import Constant
from fitgap.core.target_coding import Numbers
from hypothesis import assume
from hypothesis import strategies as st

RECURRENT = [name for name, kind in LAYERS.items() if issubclass(kind, Recurrent)]
AXES = st.one_of(
    st.tuples(st.integers(3, 9), st.integers(1, 3)),
    st.tuples(st.integers(3, 7), st.integers(3, 7), st.integers(1, 3)),
)


def drawn_layer(draw):
    """A layer of the table, or a dense one, with parameters that usually fit small inputs."""
    name = draw(st.sampled_from(["dense", *(name for name in LAYERS if name != "res"), "conv", "conv", *RECURRENT]))
    if name == "dense":
        return Dense(draw(st.integers(1, 6)))
    kind, settings = LAYERS[name], {}
    for parameter, field in kind.parameters().items():
        domain = field.metadata["domain"]
        values = domain.choices or (range(int(domain.at_least), 4) if domain.whole else (0.0, 0.5, 1.0))
        values = [value for value in values if domain.choices or domain.holds(value)]
        settings[parameter] = draw(st.sampled_from(list(values)))
    return kind(**settings)


def kept_shape(draw, shape):
    """A layer whose outputs have the same shape as its inputs."""
    kinds = [Dense(shape[0])] if len(shape) == 1 else [Convolution(shape[-1], draw(st.integers(1, 3)), 1, "same")]
    kinds += [Normalization(0.5)] if shape[-1] > 1 else []
    kinds += [Gated(shape[-1], "all")] if len(shape) == 2 else []
    return draw(st.sampled_from(kinds))


def with_residual(draw, network):
    """The network with two or three more layers inserted, and a residual connection around them and perhaps around
    others.
    """
    at = draw(st.integers(0, network.depth - 1))
    shape = network.shapes[at]
    inside = [kept_shape(draw, shape) for _ in range(draw(st.integers(1, 2)))]
    inside.append(Residual(draw(st.integers(1, len(inside)))))
    starts = [place for place in range(at + 1) if network.shapes[place] == shape]
    around = at - draw(st.sampled_from(starts)) + len(inside)
    outer = [Residual(around)] if draw(st.booleans()) else []
    layers = network.layers
    return NetworkShape(network.input_shape, (*layers[:at], *inside, *outer, *layers[at:]))


def untruncated(network):
    """The network with untruncated backpropagation through time, which is what finite differences measure."""
    kept = [replace(layer, truncate=0) if isinstance(layer, Recurrent) else layer for layer in network.layers]
    return NetworkShape(network.input_shape, tuple(kept))


@st.composite
def layered_networks(draw, inputs=AXES):
    """A network of one to three layers before the outputs whose shapes fit, or of more with residual connections."""
    layers = [drawn_layer(draw) for _ in range(draw(st.integers(1, 3)))]
    network = NetworkShape(draw(inputs), (*layers, Dense(draw(st.integers(1, 3)))))
    try:
        assume(network.sizes)
    except ValueError:
        assume(False)
    return with_residual(draw, network) if draw(st.booleans()) else network


@st.composite
def layered_packs(draw):
    """The shape of a pack of such a network, its numbers of examples and members, and a seed; no members."""
    network, dtype = draw(layered_networks()), draw(st.sampled_from(["float32", "float64"]))
    if len(network.input_shape) == 2 and all(layer.leaves_out_padding for layer in network.layers):
        network = replace(network, is_padded=draw(st.booleans()))
    shape = PackShape(network, draw(st.integers(1, 7)), HalfSquaredError(), Numbers(), 0, dtype)
    counts = draw(st.integers(1, 20)), draw(st.sampled_from([1, 2, CHUNK + 1]))
    return shape, counts, draw(st.integers(2, 5)), draw(st.integers(0, 2**32))


def fitted_to(member, network):
    """The member adapted to this network: its functions for each layer that has units, none for the others."""
    functions = iter(member.activations)
    chosen = [next(functions) if layer.has_functions else () for layer in network.layers]
    return replace(member, activations=tuple(chosen))


def plain_member(activations):
    """A member with these functions and otherwise plain settings."""
    return Member(
        activations=activations,
        initializer=GlorotUniform(),
        regularizers=(),
        optimizer=GradientDescent(rate=0.1),
        schedule=Constant(),
        stopping=(),
        epochs=1,
        seed=0,
        repeat=0,
    )


def drawn_examples(shape, counts, seed):
    """Normally distributed inputs, padded if the network takes sequences of different lengths, and targets between 0
    and 1.
    """
    rng, (inputs, *_, outputs) = np.random.default_rng(seed), shape.network.sizes
    tables = [rng.normal(size=(count, inputs)).astype(shape.dtype) for count in counts]
    targets = [rng.uniform(size=(count, outputs)).astype(shape.dtype) for count in counts]
    if shape.network.is_padded:
        for table in tables:
            steps, channels = shape.network.input_shape
            lengths = rng.integers(1, steps + 1, size=len(table))
            table[np.arange(inputs) // channels >= lengths[:, np.newaxis]] = np.nan
    return Examples(tables[0], targets[0], tables[1], targets[1], ())
