"""Dense layers of a pack: the layout of weights and biases in the parameter buffer, and the computation of a layer.

All parameters of a pack are one array (K, P): one row per member, first the weights of all layers, then all biases,
then β and γ of the activation functions. Optimizers work on whole rows, penalties on the leading columns, layers on
views. W⁽ᵏ⁾ is (K, n_k, n_{k-1}), b⁽ᵏ⁾ is (K, 1, n_k). W⁽¹⁾ is stored transposed during training, but not in saved
rows (P,).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.batches import BatchShare

# Rows start at multiples of this many numbers (64 bytes of float32), the best alignment for vector instructions.
ROW_ALIGNMENT = 16
FUNCTION_PARAMETERS = ("beta", "gamma")


@dataclass(frozen=True)
class Layout:
    """Columns of the parameter buffer for layers of the given sizes, inputs first.

    `function_counts` holds, for each layer 1 … L, among how many activation functions its units are divided.
    """

    sizes: tuple[int, ...]
    function_counts: tuple[int, ...] = ()

    @property
    def depth(self) -> int:
        """L, the number of layers without the inputs."""
        return len(self.sizes) - 1

    @property
    def weight_count(self) -> int:
        """How many leading columns are weights."""
        return sum(inputs * outputs for inputs, outputs in self.connections())

    @property
    def parameter_count(self) -> int:
        """N, the number of weights and biases of one member."""
        return self.weight_count + sum(self.sizes[1:])

    @property
    def row_length(self) -> int:
        """P: the parameters, β and γ of every function, and padding that stays 0."""
        used = self.parameter_count + len(FUNCTION_PARAMETERS) * sum(self.function_counts)
        return -(-used // ROW_ALIGNMENT) * ROW_ALIGNMENT

    def connections(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of every layer."""
        return list(zip(self.sizes, self.sizes[1:], strict=False))

    def weights(self, buffer: np.ndarray) -> list[np.ndarray]:
        """Views W⁽¹⁾ … W⁽ᴸ⁾, each (K, n_k, n_{k-1}), into a buffer (K, P) of rows in saved form."""
        views, start = [], 0
        for inputs, outputs in self.connections():
            views.append(buffer[:, start : start + inputs * outputs].reshape(len(buffer), outputs, inputs))
            start += inputs * outputs
        return views

    def weights_in_training(self, buffer: np.ndarray) -> list[np.ndarray]:
        """The same views into the buffer of a pack, whose rows store W⁽¹⁾ transposed (column-major).

        The forward pass is fastest with two row-major matrices. The backward pass would lose by it, but it ends at the
        first layer.
        """
        first, *rest = self.weights(buffer)
        outputs, inputs = first.shape[1:]
        return [first.reshape(len(buffer), inputs, outputs).mT, *rest]

    def columns_as_saved(self) -> np.ndarray:
        """For each weight and bias of a saved row, its column in a pack's buffer."""
        numbers = np.arange(self.parameter_count)
        weights = [view.ravel() for view in self.weights_in_training(numbers[None])]
        return np.concatenate([*weights, numbers[self.weight_count :]])

    def penalty_columns(self, scope: str, biases: bool) -> list[slice]:
        """The columns that a penalty covers: of the whole network or of layer 1 (`input`), with or without biases."""
        first_weights = self.sizes[0] * self.sizes[1]
        if scope == "input":
            first_biases = slice(self.weight_count, self.weight_count + self.sizes[1])
            return [slice(first_weights), *([first_biases] if biases else [])]
        return [slice(self.parameter_count if biases else self.weight_count)]

    def function_parameter(self, layer: int, position: int, name: str) -> int:
        """The column of β or γ of the function at `position` in layer 1 … L."""
        before = sum(self.function_counts[: layer - 1]) + position
        return self.parameter_count + len(FUNCTION_PARAMETERS) * before + FUNCTION_PARAMETERS.index(name)

    def biases(self, buffer: np.ndarray) -> list[np.ndarray]:
        """Views b⁽¹⁾ … b⁽ᴸ⁾, each (K, 1, n_k), into a buffer (K, P)."""
        views, start = [], self.weight_count
        for outputs in self.sizes[1:]:
            views.append(buffer[:, start : start + outputs].reshape(len(buffer), 1, outputs))
            start += outputs
        return views


class Connections:
    """The matrix products of a layer on the examples of a workspace, with fixed input and output buffers.

    Forward: s⁽ᵏ⁾ (K, B, n_k) from a⁽ᵏ⁻¹⁾ (K, B, n_{k-1}). Backward: the gradient from d⁽ᵏ⁾ (K, B, n_k) and, except in
    the first layer, the derivative with respect to a⁽ᵏ⁻¹⁾. If members share their `inputs`, these are (R, B, n_0).
    """

    def __init__(
        self,
        weights: np.ndarray,
        bias: np.ndarray,
        inputs: np.ndarray,
        sums: np.ndarray,
        shares: Sequence[BatchShare] = (),
    ):
        self.weights, self.bias, self.inputs, self.sums, self.shares = weights, bias, inputs, sums, shares
        self._forward = [Product(inputs, weights.mT, sums) for inputs, weights, sums in self._shared(weights, sums)]

    def bind_gradients(
        self, delta: np.ndarray, weights_gradient: np.ndarray, bias_gradient: np.ndarray, delta_before: np.ndarray
    ) -> None:
        """Set the buffers of the backward pass."""
        self.weights_gradient, self.bias_gradient, self.delta_before = weights_gradient, bias_gradient, delta_before
        ones = np.ones((1, delta.shape[1]), delta.dtype)
        self._gradient = [
            Product(delta.mT, inputs, gradient) for inputs, delta, gradient in self._shared(delta, weights_gradient)
        ]
        # A product with ones is many times faster in NumPy than a sum over the middle axis.
        self._sum = Product(ones, delta, bias_gradient)
        self._back = Product(delta, self.weights, delta_before)

    def _shared(self, *buffers: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """The inputs together with the matching views of the buffers (K, …)."""
        if not self.shares:
            return [(self.inputs, *buffers)]
        return [(self.inputs[share.repeats], *map(share.of_members, buffers)) for share in self.shares]

    def forward(self) -> None:
        """s = W a + b for every example (Magyar 2024, Eq. 2)."""
        for product in self._forward:
            product.compute()
        self.sums += self.bias

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
