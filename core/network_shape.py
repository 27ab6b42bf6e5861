"""The shape of a network: the axes of its inputs, its layers, and what follows from them."""

from dataclasses import dataclass
from functools import cache, cached_property

from fitgap.core.layers.dense import Dense
from fitgap.core.layers.layer import Layer, Shape, WeightBlock, shape_label, size_of
from fitgap.core.layers.shorthand import joined


class UnfitLayerError(ValueError):
    """A layer does not fit its inputs; `number` is the number of the layer, from 1."""

    def __init__(self, number: int, layer: Layer, reason: ValueError):
        super().__init__(f"layer {number} ({layer.shorthand}): {reason}")
        self.number = number


@dataclass(frozen=True)
class NetworkShape:
    """The axes of the inputs of an example, and the layers from the first to the outputs.

    With `is_padded`, examples are sequences of different lengths, padded as described in `core.layers.padding`.

    Computing a property raises UnfitLayerError, with the first layer that does not fit its inputs, if there is one.
    """

    input_shape: Shape
    layers: tuple[Layer, ...]
    is_padded: bool = False

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """The axes of the values before the first layer and after every layer: L + 1 shapes."""
        shapes = [self.input_shape]
        for number, layer in enumerate(self.layers, start=1):
            try:
                shapes.append(layer.output_shape(shapes[-1]))
                if self.is_padded and not layer.leaves_out_padding:
                    raise ValueError("cannot skip the padding of sequences of different lengths")
                if layer.goes_around:
                    layer.check_sum(shapes[-1], shapes[self.added_to(number)])
            except ValueError as error:
                raise UnfitLayerError(number, layer, error) from None
        return tuple(shapes)

    def added_to(self, number: int) -> int:
        """The number of the layer whose outputs the residual layer `number` adds; 0 for the inputs. Raises ValueError
        if there are too few layers.
        """
        around = self.layers[number - 1].goes_around
        if around >= number:
            raise ValueError(f"bypasses the {around} layers before it, but there are only {number - 1}")
        return number - 1 - around

    @cached_property
    def additions(self) -> dict[int, list[int]]:
        """For each layer whose outputs are added later, the residual layers that add them; 0 stands for the inputs."""
        found: dict[int, list[int]] = {}
        for number, layer in enumerate(self.layers, start=1):
            if layer.goes_around:
                found.setdefault(self.added_to(number), []).append(number)
        return found

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The number of values before the first layer and after every layer."""
        return tuple(map(size_of, self.shapes))

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """The length of the last axis of these values. Activation functions and biases differ only along this axis."""
        return tuple(shape[-1] for shape in self.shapes)

    def before(self, number: int) -> "NetworkShape":
        """The part of this network before layer `number`."""
        return NetworkShape(self.input_shape, self.layers[: number - 1], self.is_padded)

    @property
    def depth(self) -> int:
        """L, the number of layers."""
        return len(self.layers)

    @cached_property
    def unit_layers(self) -> tuple[int, ...]:
        """The numbers, from 1, of the layers that have units: weights, biases and activation functions."""
        return tuple(number for number, layer in enumerate(self.layers, start=1) if layer.has_units)

    @cached_property
    def parameter_layers(self) -> tuple[int, ...]:
        """The numbers, from 1, of the layers that have biases; all but layer normalizations have weights, too."""
        return tuple(number for number, layer in enumerate(self.layers, start=1) if layer.has_parameters)

    @cached_property
    def function_layers(self) -> tuple[int, ...]:
        """The numbers, from 1, of the layers with units whose biases and functions are applied outside the layer."""
        return tuple(number for number in self.unit_layers if not self.layers[number - 1].applies_functions)

    @cached_property
    def bias_counts(self) -> tuple[int, ...]:
        """The number of biases of every layer."""
        return tuple(
            layer.bias_count(shape) if layer.has_parameters else 0
            for layer, shape in zip(self.layers, self.shapes, strict=False)
        )

    @cached_property
    def blocks(self) -> tuple[tuple[WeightBlock, ...], ...]:
        """The blocks of weights of every layer."""
        return tuple(layer.blocks(shape) for layer, shape in zip(self.layers, self.shapes, strict=False))

    @cached_property
    def weight_count(self) -> int:
        """The number of weights without biases."""
        return sum(block.size for blocks in self.blocks for block in blocks)

    @cached_property
    def parameter_count(self) -> int:
        """The number of weights and biases."""
        return self.weight_count + sum(self.bias_counts)

    @cached_property
    def multiplications(self) -> int:
        """Multiplications by weights per example, a measure of the network's computing cost."""
        return sum(layer.multiplications(shape) for layer, shape in zip(self.layers, self.shapes, strict=False))

    @cached_property
    def scratch(self) -> int:
        """How many numbers per example the layers store in addition to their inputs and outputs."""
        return sum(layer.scratch(shape) for layer, shape in zip(self.layers, self.shapes, strict=False))

    @cached_property
    def is_dense(self) -> bool:
        """Whether all layers are dense."""
        return all(isinstance(layer, Dense) for layer in self.layers)

    @property
    def label(self) -> str:
        """Inputs and layers in shorthand: `64-32-10`, `8x8x1-conv8x3-pool2-32-10`."""
        around = [layer.goes_around for layer in self.layers]
        layers = joined([layer.shorthand for layer in self.layers], around)
        return "-".join([shape_label(self.input_shape), layers])


@cache
def network_with(axes: Shape, hidden: tuple[Layer, ...], outputs: int, is_padded: bool = False) -> NetworkShape:
    """A network with these hidden layers between inputs with these axes and a dense output layer."""
    layers = (*hidden, Dense(outputs))
    followers = (next(after for after in layers[number:] if not after.keeps_axes) for number in range(1, len(layers)))
    fitted = (layer.followed_by(following) for layer, following in zip(layers, followers, strict=False))
    return NetworkShape(axes, (*fitted, layers[-1]), is_padded)


@cache
def dense_network(sizes: tuple[int, ...]) -> NetworkShape:
    """A network of dense layers with these numbers of units, inputs first."""
    return NetworkShape((sizes[0],), tuple(map(Dense, sizes[1:])))
