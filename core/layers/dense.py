"""Dense layers: every unit is connected to every output of the previous layer."""

from dataclasses import dataclass

from fitgap.core.layers.connections import Connections
from fitgap.core.layers.layer import Layer, WeightBlock, size_of


@dataclass(frozen=True)
class Dense(Layer):
    """s = W a + b with W (units, n), for inputs of any shape with n values (Magyar 2024, Eq. 2, §2.2.2.3)."""

    units: int

    @property
    def shorthand(self):
        return str(self.units)

    @property
    def has_units(self):
        return True

    @property
    def needs_axes(self):
        return False

    def output_shape(self, shape):
        return (self.units,)

    def blocks(self, shape):
        return (WeightBlock(self.units, size_of(shape), fan_out=self.units),)

    def multiplications(self, shape):
        return self.units * size_of(shape)

    def bind(self, shape, buffers):
        return Connections(buffers)

    def evaluate(self, inputs, shape, weights, bias, functions=(), earlier=None, lengths=None):
        return inputs @ weights[0].T + bias
