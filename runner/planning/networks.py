"""The networks of a sweep: the shapes that follow from its data and its architectures."""

import math

from fitgap.core.datasets import Dataset
from fitgap.core.layers.normalization import Normalization
from fitgap.core.layers.residual import Residual
from fitgap.core.network_shape import NetworkShape, UnfitLayerError, network_with
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Sweep
from fitgap.runner.spec.architectures import has_recurrent_layers, is_dense, layer_of
from fitgap.runner.spec.configuration import Choice, HiddenLayer, architecture_label

# Maximum number of layers in an example.
MOST_IN_EXAMPLES = 6


def network_of(dataset: Dataset, architecture: tuple[HiddenLayer, ...], output_count: int) -> NetworkShape:
    """The shape of networks with these hidden layers; dense ones do not depend on the axes of the inputs."""
    axes = (dataset.input_count,) if is_dense(architecture) else dataset.axes
    return network_with(axes, tuple(map(layer_of, architecture)), output_count, dataset.is_padded)


def check_shapes(sweep: Sweep, dataset: Dataset, output_count: int) -> None:
    """Raise SpecError if the layers of an architecture do not fit the inputs or each other."""
    for architecture in sweep.axes["architecture"]:
        network = network_of(dataset, architecture, output_count)
        try:
            _ = network.shapes
        except UnfitLayerError as error:
            rule = f"{architecture_label(architecture)} does not fit {sweep.data.source}: {error}"
            advised = advice(architecture, dataset, network, error.number)
            raise SpecError(f"{rule}; {advised}", ("axes", "architecture")) from None


def advice(architecture: tuple[HiddenLayer, ...], dataset: Dataset, network: NetworkShape, number: int) -> str:
    """What to do about the layer with this number, which does not fit."""
    if dataset.is_padded and not all(layer_of(each).leaves_out_padding for each in architecture):
        return "use rnn, gru or lstm without truncate; norm, globalpool and dense layers may follow"
    layer = network.layers[number - 1]
    if isinstance(layer, Normalization):
        behind = "after a layer with several units or channels, such as 32-norm or conv8x3-norm"
        return f"leave this {layer.word} out, or put it {behind}"
    if isinstance(layer, Residual):
        return advice_on_residual(architecture, network, number)
    is_recurrent = has_recurrent_layers(architecture)
    if len(dataset.axes) == 1:
        # Convolutions and poolings work on one or two axes; recurrent layers need steps.
        images = "" if is_recurrent else " or, for images, shape: [height, width, channels]"
        told = f"with shape under data, such as shape: [steps, channels]{images}"
        return f"say how the {dataset.axes[0]:,} inputs are arranged, {told}"
    if is_recurrent and len(dataset.axes) > 2:
        steps, *rest = dataset.axes
        return f"to go through the rows one by one, write shape: [{steps}, {math.prod(rest)}] under data"
    dense = [isinstance(layer, int) for layer in architecture]
    return "put dense layers last" if dense != sorted(dense) else "choose other sizes or layers"


def advice_on_residual(architecture: tuple[HiddenLayer, ...], network: NetworkShape, number: int) -> str:
    """What to do about a residual connection between values of different shapes, or around more layers than exist."""
    around = network.layers[number - 1].goes_around
    if around >= number:
        return "write the layers that it bypasses in parentheses, as in 8-res(8)"
    shapes = network.before(number).shapes
    inputs, outputs = shapes[number - 1 - around], shapes[-1]
    inside = architecture[number - 1 - around : number - 1]
    wide = example(outputs[0], *inside, architecture[number - 1])
    in_front = f"put a layer in front of it that is as wide as its outputs{wide}"
    if len(inputs) == 1:
        wider = example(*inside, inputs[0], Choice(Residual.word, Residual(around + 1)))
        return f"let it end with a layer as wide as its inputs{wider}, or {in_front}"
    if len(inputs) == len(outputs):
        return "give its last layer as many units or channels as its inputs have; padding=same keeps the positions"
    keeps = f"lstm{inputs[-1]}:outputs=all" if len(inputs) == 2 else f"conv{inputs[-1]}x3:padding=same"
    ways = [f"let it bypass only layers that keep the axes, such as {keeps}"]
    if not any(layer_of(each).needs_axes for each in inside):
        ways.append(in_front)
    return ", or ".join(ways)


def example(*layers: HiddenLayer) -> str:
    """Layers as an example; "" if there are too many to be readable."""
    return f", as in {architecture_label(layers)}" if len(layers) <= MOST_IN_EXAMPLES else ""
