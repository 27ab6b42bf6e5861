"""The layout of parameters in the buffer of a pack.

All parameters of a pack are one array (K, P). Each member has a row: first the weights of all layers, then all biases,
then β and γ of the activation functions. Optimizers work on whole rows, penalties on the leading columns, layers on
views. A block of weights is (K, outputs, inputs); the biases of a layer are (K, 1, n), in most layers one per channel.
The first block is stored transposed during training, but not in saved rows (P,).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.layers.layer import LayerParameters, WeightBlock
from fitgap.core.network_shape import NetworkShape

# Rows start at multiples of this many numbers (64 bytes of float32), the best alignment for vector instructions.
ROW_ALIGNMENT = 16
FUNCTION_PARAMETERS = ("beta", "gamma")


@dataclass(frozen=True)
class Layout:
    """Columns of the parameter buffer for networks of this shape.

    `function_counts` holds, for each layer 1 … L, the number of activation functions among which its units are divided.
    """

    network: NetworkShape
    function_counts: tuple[int, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of values before the first layer and after every layer."""
        return self.network.sizes

    @property
    def depth(self) -> int:
        """L, the number of layers without the inputs."""
        return self.network.depth

    @property
    def weight_count(self) -> int:
        """How many leading columns are weights."""
        return self.network.weight_count

    @property
    def parameter_count(self) -> int:
        """N, the number of weights and biases of one member."""
        return self.network.parameter_count

    @property
    def row_length(self) -> int:
        """P: the parameters, β and γ of every function, and padding that stays 0."""
        used = self.parameter_count + len(FUNCTION_PARAMETERS) * sum(self.function_counts)
        return -(-used // ROW_ALIGNMENT) * ROW_ALIGNMENT

    @property
    def blocks(self) -> list[WeightBlock]:
        """The blocks of weights of all layers."""
        return [block for blocks in self.network.blocks for block in blocks]

    def weights(self, buffer: np.ndarray) -> list[np.ndarray]:
        """Views of all blocks, each (K, outputs, inputs), into a buffer (K, P) of rows in saved form."""
        views, start = [], 0
        for block in self.blocks:
            columns = buffer[:, start : start + block.size]
            views.append(columns.reshape(len(buffer), block.outputs, block.inputs))
            start += block.size
        return views

    def weights_in_training(self, buffer: np.ndarray) -> list[np.ndarray]:
        """The same views into the buffer of a pack, whose rows store the first block transposed (column-major).

        The forward pass is fastest with two row-major matrices. The backward pass would be slower with them, but it
        ends at the first layer.
        """
        first, *rest = self.weights(buffer)
        outputs, inputs = first.shape[1:]
        return [first.reshape(len(buffer), inputs, outputs).mT, *rest]

    def biases(self, buffer: np.ndarray) -> list[np.ndarray]:
        """Views of the biases of all layers that have parameters, each (K, 1, n), into a buffer (K, P)."""
        views, start = [], self.weight_count
        for number in self.network.parameter_layers:
            count = self.network.bias_counts[number - 1]
            views.append(buffer[:, start : start + count].reshape(len(buffer), 1, count))
            start += count
        return views

    def by_layer(self, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> list[LayerParameters]:
        """The views of all blocks and biases, sorted into layers 1 … L."""
        blocks, rest, none = iter(weights), iter(biases), biases[0][..., :0]
        return [
            LayerParameters([next(blocks) for _ in own], next(rest) if layer.has_parameters else none)
            for own, layer in zip(self.network.blocks, self.network.layers, strict=True)
        ]

    def weight_columns(self) -> list[slice]:
        """The columns of the weights of each layer that has units."""
        columns, start = [], 0
        for number in self.network.unit_layers:
            stop = start + sum(block.size for block in self.network.blocks[number - 1])
            columns.append(slice(start, stop))
            start = stop
        return columns

    def columns_as_saved(self) -> np.ndarray:
        """For each weight and bias of a saved row, its column in a pack's buffer."""
        numbers = np.arange(self.parameter_count)
        weights = [view.ravel() for view in self.weights_in_training(numbers[None])]
        return np.concatenate([*weights, numbers[self.weight_count :]])

    def penalty_columns(self, scope: str, biases: bool) -> list[slice]:
        """The columns that a penalty covers, with or without biases: those of the whole network or, with the scope
        `input`, of the weights by which the first layer that has units multiplies its inputs.
        """
        if scope == "input":
            number = self.network.unit_layers[0] - 1
            reading = slice(0, sum(block.size for block in self.network.blocks[number] if block.reads_inputs))
            start = self.weight_count + sum(self.network.bias_counts[:number])
            first_biases = slice(start, start + self.network.bias_counts[number])
            return [reading, *([first_biases] if biases else [])]
        return [slice(self.parameter_count if biases else self.weight_count)]

    def function_parameter(self, layer: int, position: int, name: str) -> int:
        """The column of β or γ of the function at `position` in layer 1 … L."""
        before = sum(self.function_counts[: layer - 1]) + position
        return self.parameter_count + len(FUNCTION_PARAMETERS) * before + FUNCTION_PARAMETERS.index(name)
