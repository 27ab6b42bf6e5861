"""The matrix products of a convolution, in blocks of examples that the linear algebra library multiplies fastest."""

import numpy as np
from fitgap.core.batched_matmul import Product, is_transposed
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers

# Products larger than this (rows · columns · inner) are split, because the library copies large matrices first.
LARGEST_VOLUME = 350_000


class WindowProducts:
    """The products of windows and weights. How they are split depends only on the shapes of one member.

    In the buffers, `inputs` are the windows (K, B · positions, n), or (R, …) if members share them, `sums` and `delta`
    are (K, B · positions, channels), and `before` receives the derivatives with respect to the windows.
    """

    def __init__(self, buffers: LayerBuffers, examples: int):
        (self.weights,), self.bias = buffers.parameters.weights, buffers.parameters.bias
        self.sums = buffers.sums
        self.blocks = block_count(examples, self.sums.shape[1] // examples * self.weights[0].size)
        # The library is fastest with two row-major matrices.
        self.turned = self.weights.mT if is_transposed(self.weights) else np.empty_like(self.weights.mT, order="C")
        self._forward = [
            Product(self._divided(inputs), turned[..., np.newaxis, :, :], self._divided(sums))
            for inputs, turned, sums in buffers.with_inputs(self.turned, self.sums)
        ]
        if buffers.backward:
            self._bind_gradients(buffers, buffers.backward)

    def _bind_gradients(self, buffers: LayerBuffers, backward: BackwardBuffers) -> None:
        (gradient,), delta = backward.gradients.weights, backward.delta
        is_turned = is_transposed(gradient)
        rows = gradient.mT if is_turned else gradient
        self.parts = np.empty((len(rows), self.blocks, *rows.shape[1:]), rows.dtype)
        self._gradient = []
        for inputs, own_delta, parts in buffers.with_inputs(delta, self.parts):
            left, right = self._divided(inputs), self._divided(own_delta)
            left, right = (left, right) if is_turned else (right, left)
            self._gradient.append(Product(left.mT, right, parts))
        ones, flat = np.ones((1, self.blocks), delta.dtype), (len(rows), self.blocks, -1)
        self._gradient.append(Product(ones, self.parts.reshape(flat), rows.reshape(len(rows), 1, -1)))
        self._sum = Product(np.ones((1, delta.shape[1]), delta.dtype), delta, backward.gradients.bias)
        weights = self.weights[:, np.newaxis]
        self._back = Product(self._divided(delta), weights, self._divided(backward.before))

    def _divided(self, values: np.ndarray) -> np.ndarray:
        """A view (…, blocks, rows, n) of values (…, B · positions, n)."""
        *stack, rows, columns = values.shape
        return values.reshape(*stack, self.blocks, rows // self.blocks, columns)

    def multiply(self) -> None:
        """W x for every window x."""
        if not is_transposed(self.weights):
            np.copyto(self.turned, self.weights.mT)
        for product in self._forward:
            product.compute()

    def accumulate_gradients(self) -> None:
        """The sums over positions and examples of d xᵀ and of d."""
        for product in self._gradient:
            product.compute()
        self._sum.compute()

    def backward(self) -> None:
        """Wᵀ d for every window."""
        self._back.compute()


def block_count(examples: int, volume: int) -> int:
    """The number of equal blocks of examples into which a product is split, given its volume per example."""
    return next(blocks for blocks in range(1, examples + 1) if is_fast(examples, blocks, volume))


def is_fast(examples: int, blocks: int, volume: int) -> bool:
    """Whether the examples divide evenly into the blocks, and these are small enough or cannot be smaller."""
    return examples % blocks == 0 and (blocks == examples or examples // blocks * volume <= LARGEST_VOLUME)
