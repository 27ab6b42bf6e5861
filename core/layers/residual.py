"""Residual connections: the inputs of some layers added to their outputs."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.layers.layer import LayerBuffers, shape_label
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class Residual(ListedLayer):
    """Residual connection (He et al. 2015): y = F(x) + x, where F stands for the layers before it. Written `res(…)`.

    Their outputs and their inputs must have the same shape. The sum has no activation function, so that the derivative
    reaches x unchanged (He et al. 2016).
    """

    layers: int = parameter(
        whole=True, at_least=1, at_most=64, headline=True, description="number of layers before it that it bypasses"
    )

    word = "res"

    @property
    def needs_axes(self):
        return False

    @property
    def keeps_axes(self):
        return True

    @property
    def goes_around(self):
        return self.layers

    def output_shape(self, shape):
        return shape

    def check_sum(self, shape, earlier):
        if shape != earlier:
            many = "layer" if self.layers == 1 else f"{self.layers} layers"
            rule = f"adds the inputs of the {many} before it to their outputs, so both must have the same shape"
            raise ValueError(f"{rule}, but the inputs are {shape_label(earlier)} and the outputs {shape_label(shape)}")

    def bind(self, shape, buffers):
        return BoundResidual(buffers)


class BoundResidual:
    """A residual connection bound to the buffers of a workspace.

    The networks add the part of the derivative with respect to x that bypasses F, once the part through F is known.
    """

    def __init__(self, buffers: LayerBuffers):
        if buffers.earlier is None:
            raise ValueError("a residual connection needs the values that it adds")
        self.inputs, self.earlier, self.outputs = buffers.inputs, buffers.earlier, buffers.sums
        self.backward_buffers = buffers.backward

    def multiply(self) -> None:
        """Same as `forward`, because there are no weights."""
        self.forward()

    def forward(self) -> None:
        """Compute the outputs."""
        np.add(self.inputs, self.earlier, out=self.outputs)

    def accumulate_gradients(self) -> None:
        """Nothing to do without parameters."""

    def backward(self) -> None:
        """Copy the derivative: with respect to F(x), it equals that with respect to the sum."""
        if self.backward_buffers is not None:
            np.copyto(self.backward_buffers.before, self.backward_buffers.delta)

    def compile(self) -> None:
        """Nothing to do."""
