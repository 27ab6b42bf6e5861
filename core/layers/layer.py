"""Base class of all layers: the shapes they map, their blocks of weights, and how they are bound to buffers.

A layer is a frozen description without parameters. `bind` connects it to the buffers of a workspace once; the bound
layer then computes all passes on them. Buffers are (K, B, n): a layer whose outputs have several axes, such as
(height, width, channels), stores them in row-major order, channels last.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from fitgap.core.activations.activation import Activation
from fitgap.core.batches import BatchShare

# Examples that `Layer.evaluate` computes at once.
EVALUATED = 256
# Axes of one example without the batch: (n,), (steps, channels) or (height, width, channels).
Shape = tuple[int, ...]


@dataclass(frozen=True)
class WeightBlock:
    """A matrix (outputs, inputs) of weights; `fan_out` is the number of outputs that each of the inputs reaches.

    `reads_inputs` is false for weights between the units of a layer. Such blocks come after the others of the layer.
    """

    outputs: int
    inputs: int
    fan_out: int
    reads_inputs: bool = True

    @property
    def size(self) -> int:
        """The number of weights."""
        return self.outputs * self.inputs


@dataclass(frozen=True)
class LayerParameters:
    """Views of the parameters of a layer: one (K, outputs, inputs) per block of weights, and its biases (K, 1, n), in
    most layers one per channel.

    A layer without parameters has no blocks and no columns of biases.
    """

    weights: Sequence[np.ndarray]
    bias: np.ndarray


@dataclass(frozen=True)
class AppliedFunction:
    """The activation function of the units `units` of the adjacent members `rows`.

    `numbers` holds its β and γ (k, 1, 1), `gradients` the arrays (k,) that receive the gradients of learned ones.
    """

    rows: slice
    units: slice
    function: Activation
    numbers: Mapping[str, np.ndarray]
    gradients: Mapping[str, np.ndarray]


@dataclass
class BackwardBuffers:
    """The arrays of the backward pass: the derivatives `delta` (K, B, m) with respect to the sums, `before` (K, B, n),
    which receives those with respect to the inputs, and `gradients`, which receives those of the parameters.
    """

    delta: np.ndarray
    before: np.ndarray
    gradients: LayerParameters


@dataclass
class LayerBuffers:
    """The arrays that a layer is bound to.

    `inputs` is (K, B, n), or (R, B, n) if members share it as described by `shares`; `sums` (K, B, m) receives the
    outputs before bias and activation function, or the outputs of a layer that applies its `functions` itself.
    `earlier` (K, B, n) are the values that a layer adds to its inputs, if it bypasses other layers. `lengths` (K, B)
    are the numbers of real steps, if sequences have different lengths. `backward` is None in a workspace that only
    evaluates.
    """

    inputs: np.ndarray
    sums: np.ndarray
    parameters: LayerParameters
    shares: Sequence[BatchShare] = ()
    backward: BackwardBuffers | None = None
    functions: Sequence[AppliedFunction] = ()
    earlier: np.ndarray | None = None
    lengths: np.ndarray | None = None

    def with_inputs(self, *arrays: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """The inputs together with the matching views of these arrays (K, …): one tuple, or one per share."""
        if not self.shares:
            return [(self.inputs, *arrays)]
        return [(self.inputs[share.repeats], *map(share.of_members, arrays)) for share in self.shares]


class BoundLayer(Protocol):
    """A layer bound to the buffers of a workspace."""

    def multiply(self) -> None:
        """Compute the sums of all examples without the bias."""

    def forward(self) -> None:
        """Same as `multiply`, plus the bias."""

    def accumulate_gradients(self) -> None:
        """Compute the gradients of weights and bias from `delta`, summed over the examples.

        A layer that applies functions itself gets the derivatives with respect to its outputs in `delta`.
        """

    def backward(self) -> None:
        """Compute `before` from `delta`."""

    def compile(self) -> None:
        """From now on, use compiled passes where machine code is available."""


class Layer:
    """Base class of the layers; the defaults are those of a layer without parameters."""

    @property
    def shorthand(self) -> str:
        """The layer in shorthand, as in an architecture."""
        raise NotImplementedError

    @property
    def has_units(self) -> bool:
        """Whether the layer has weights and biases, and one unit per channel."""
        return False

    @property
    def has_parameters(self) -> bool:
        """Whether the layer has anything to learn: weights and biases, or biases alone."""
        return self.has_units

    @property
    def has_functions(self) -> bool:
        """Whether the units use the activation functions that the setting `activation` chooses."""
        return self.has_units

    @property
    def applies_functions(self) -> bool:
        """Whether the bound layer applies the functions of its units itself, because it computes step by step."""
        return False

    @property
    def needs_axes(self) -> bool:
        """Whether the inputs must have axes: steps, or height and width."""
        return True

    @property
    def leaves_out_padding(self) -> bool:
        """Whether padded steps of sequences have no effect on the layer."""
        return not self.needs_axes

    @property
    def keeps_axes(self) -> bool:
        """Whether the layer takes inputs of any shape and leaves the shape as it is."""
        return False

    @property
    def goes_around(self) -> int:
        """How many preceding layers it bypasses, adding the inputs of the first one to its own; 0 for none."""
        return 0

    def check_sum(self, shape: Shape, earlier: Shape) -> None:
        """Raise ValueError if values with the axes `earlier` cannot be added to inputs with the axes `shape`."""

    def followed_by(self, following: "Layer") -> "Layer":
        """The layer as it has to be if `following` comes next."""
        return self

    def output_shape(self, shape: Shape) -> Shape:
        """The axes of the outputs for inputs with the axes `shape`. Raises ValueError if the layer does not fit."""
        raise NotImplementedError

    def blocks(self, shape: Shape) -> tuple[WeightBlock, ...]:
        """The blocks of weights, in the order in which they are saved."""
        return ()

    def bias_count(self, shape: Shape) -> int:
        """The number of biases of a layer that has parameters."""
        return self.output_shape(shape)[-1]

    def initial_bias(self, value: float, shape: Shape) -> float | np.ndarray:
        """The initial biases if the initializer sets all of them to `value`."""
        return value

    def multiplications(self, shape: Shape) -> int:
        """Multiplications of weights per example: the work of the layer."""
        return 0

    def scratch(self, shape: Shape) -> int:
        """Numbers per example that the bound layer stores in addition to its inputs and outputs."""
        return 0

    def bind(self, shape: Shape, buffers: LayerBuffers) -> BoundLayer:
        """The layer bound to these buffers, for inputs with the axes `shape`."""
        raise NotImplementedError

    def evaluate(
        self,
        inputs: np.ndarray,
        shape: Shape,
        weights: Sequence[np.ndarray],
        bias: np.ndarray,
        functions: Sequence[AppliedFunction] = (),
        earlier: np.ndarray | None = None,
        lengths: np.ndarray | None = None,
    ) -> np.ndarray:
        """The outputs (N, m) of the layer in one network for inputs (N, n), before activation functions unless it
        applies `functions` itself.

        `earlier` (N, n) are the values that the layer adds, `lengths` (N,) the lengths of the sequences, if any.
        """
        parameters = LayerParameters([block[np.newaxis] for block in weights], bias[np.newaxis, np.newaxis])
        sums = np.empty((len(inputs), size_of(self.output_shape(shape))), inputs.dtype)
        for start in range(0, len(inputs), EVALUATED):
            rows = slice(start, start + EVALUATED)
            given = np.ascontiguousarray(inputs[rows])[np.newaxis]
            buffers = LayerBuffers(given, sums[np.newaxis, rows], parameters, functions=functions)
            buffers.earlier = None if earlier is None else earlier[np.newaxis, rows]
            buffers.lengths = None if lengths is None else lengths[np.newaxis, rows]
            self.bind(shape, buffers).forward()
        return sums


def size_of(shape: Shape) -> int:
    """The number of values of an example."""
    return math.prod(shape)


def shape_label(shape: Shape) -> str:
    """The axes in shorthand: `8x8x1`, or `64` for plain inputs."""
    return "x".join(map(str, shape))
