"""The matrix products of a layer: forward, gradients and backward, on fixed buffers."""

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers


class Connections:
    """A bound dense layer.

    Forward: s⁽ᵏ⁾ (K, B, n_k) from a⁽ᵏ⁻¹⁾ (K, B, n_{k-1}). Backward: the gradient from d⁽ᵏ⁾ (K, B, n_k) and, except in
    the first layer, the derivative with respect to a⁽ᵏ⁻¹⁾. If members share their `inputs`, these are (R, B, n_0).
    """

    def __init__(self, buffers: LayerBuffers):
        self.sums = buffers.sums
        (self.weights,), self.bias = buffers.parameters.weights, buffers.parameters.bias
        self._forward = [
            Product(inputs, weights.mT, sums) for inputs, weights, sums in buffers.with_inputs(self.weights, self.sums)
        ]
        if buffers.backward:
            self._bind_gradients(buffers, buffers.backward)

    def _bind_gradients(self, buffers: LayerBuffers, backward: BackwardBuffers) -> None:
        delta = backward.delta
        ones = np.ones((1, delta.shape[1]), delta.dtype)
        self._gradient = [
            Product(delta.mT, inputs, gradient)
            for inputs, delta, gradient in buffers.with_inputs(delta, *backward.gradients.weights)
        ]
        # A product with ones is many times faster in NumPy than a sum over the middle axis.
        self._sum = Product(ones, delta, backward.gradients.bias)
        self._back = Product(delta, self.weights, backward.before)

    def forward(self) -> None:
        """s = W a + b for every example (Magyar 2024, Eq. 2)."""
        self.multiply()
        self.sums += self.bias

    def multiply(self) -> None:
        """Same as `forward`, without the bias."""
        for product in self._forward:
            product.compute()

    def accumulate_gradients(self) -> None:
        """The sums over the batch of d aᵀ and of d (Magyar 2024, Alg. 8)."""
        for product in self._gradient:
            product.compute()
        self._sum.compute()

    def backward(self) -> None:
        """Wᵀ d for every example: the derivative of the error with respect to this layer's inputs.

        The bias unit has no inputs, so nothing flows back into it (Alg. 7 as printed sums from i = 0).
        """
        self._back.compute()

    def compile(self) -> None:
        """Nothing to do: NumPy computes products."""
