"""Layer normalization: brings the channels of every position of an example to the same mean and deviation."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers, Shape, size_of
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.layers.padding import are_padded
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class Normalization(ListedLayer):
    """Layer normalization over the channels of every position, with learned gains and biases (Ba et al. 2016).

    y = g ⊙ (x − μ)/√(σ² + ε) + b with the mean μ and the variance σ² of the channels x of a position, or of all values
    of an example without axes; g and b have one number per channel. The outputs have the shape of the inputs. Saved
    among the biases: first g, which starts at 1, then b, which starts at 0.
    """

    epsilon: float = parameter(1e-5, above=0, at_most=1, description="ε, added to the variance")

    word = "norm"

    @property
    def has_parameters(self):
        return True

    @property
    def needs_axes(self):
        return False

    @property
    def keeps_axes(self):
        return True

    def output_shape(self, shape):
        if shape[-1] < 2:
            raise ValueError(f"needs at least 2 channels at every position to normalize, but gets {shape[-1]}")
        return shape

    def bias_count(self, shape):
        return 2 * shape[-1]

    def initial_bias(self, value, shape):
        return np.repeat([1.0, 0.0], shape[-1])

    def scratch(self, shape):
        # (x − μ)/σ and two products of this size, and five numbers per position.
        return 3 * size_of(shape) + 5 * size_of(shape[:-1])

    def bind(self, shape, buffers):
        return BoundNormalization(self.epsilon, shape, buffers)


class BoundNormalization:
    """Layer normalization bound to the buffers of a workspace: arrays (K, B · positions, C).

    `normal` holds (x − μ)/√(σ² + ε) and `scale` (K, B · positions, 1) the reciprocal of the root. Sums over channels
    run along the last axis, so that the order of additions depends only on the number of channels. The outputs of
    padded steps are 0.
    """

    def __init__(self, epsilon: float, shape: Shape, buffers: LayerBuffers):
        channels, dtype = shape[-1], buffers.sums.dtype
        self.channels, self.steps, self.lengths = channels, shape[0], buffers.lengths if len(shape) == 2 else None
        self.epsilon, self.share = dtype.type(epsilon), dtype.type(1 / channels)
        self.inputs, self.outputs = self._rows(buffers.inputs), self._rows(buffers.sums)
        self.gain, self.bias = self._halves(buffers.parameters.bias)
        self.normal, self.scratch = np.empty_like(self.outputs), np.empty_like(self.outputs)
        self.mean, self.scale = (np.empty((*self.outputs.shape[:2], 1), dtype) for _ in range(2))
        if buffers.backward is not None:
            self._bind_gradients(buffers.backward)

    def _bind_gradients(self, backward: BackwardBuffers) -> None:
        self.delta, self.before = self._rows(backward.delta), self._rows(backward.before)
        self.changes = np.empty_like(self.outputs)
        self.mean_change = np.empty_like(self.mean)
        gain, bias = self._halves(backward.gradients.bias)
        ones = np.ones((1, self.delta.shape[1]), self.delta.dtype)
        self.sums = Product(ones, self.scratch, gain), Product(ones, self.delta, bias)

    def _rows(self, values: np.ndarray) -> np.ndarray:
        """A view (K, B · positions, C) of values (K, B, n)."""
        return values.reshape(len(values), -1, self.channels)

    def _halves(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Views of the values for g and for b, (K, 1, C) each."""
        return values[..., : self.channels], values[..., self.channels :]

    def _average(self, values: np.ndarray, out: np.ndarray) -> None:
        """The mean over the channels of every position."""
        np.add.reduce(values, axis=-1, keepdims=True, out=out)
        out *= self.share

    def _take_out_padding(self, values: np.ndarray) -> None:
        """Set the values of padded steps to 0."""
        if self.lengths is not None:
            where = are_padded(self.lengths, self.steps).reshape(len(values), -1, 1)
            np.copyto(values, 0, where=where)

    def multiply(self) -> None:
        """Same as `forward`, because there are no weights."""
        self.forward()

    def forward(self) -> None:
        """Compute the outputs."""
        self._average(self.inputs, self.mean)
        np.subtract(self.inputs, self.mean, out=self.normal)
        np.multiply(self.normal, self.normal, out=self.scratch)
        self._average(self.scratch, self.scale)
        self.scale += self.epsilon
        np.sqrt(self.scale, out=self.scale)
        np.divide(1, self.scale, out=self.scale)
        self.normal *= self.scale
        np.multiply(self.normal, self.gain, out=self.outputs)
        self.outputs += self.bias
        self._take_out_padding(self.outputs)

    def accumulate_gradients(self) -> None:
        """The sums over positions and examples of d ⊙ (x − μ)/√(σ² + ε) and of d."""
        self._take_out_padding(self.delta)
        np.multiply(self.delta, self.normal, out=self.scratch)
        for product in self.sums:
            product.compute()

    def backward(self) -> None:
        """(e − mean(e) − n·mean(e ⊙ n))/√(σ² + ε) with e = g ⊙ d and the normalized values n."""
        np.multiply(self.delta, self.gain, out=self.changes)
        np.multiply(self.changes, self.normal, out=self.scratch)
        self._average(self.scratch, self.mean_change)
        np.multiply(self.normal, self.mean_change, out=self.scratch)
        self._average(self.changes, self.mean_change)
        np.subtract(self.changes, self.mean_change, out=self.before)
        self.before -= self.scratch
        self.before *= self.scale

    def compile(self) -> None:
        """Nothing to do."""
