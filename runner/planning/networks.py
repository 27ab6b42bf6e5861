"""The networks of a sweep: the shapes that follow from its data and its architectures."""

import math

from fitgap.core.datasets import Dataset
from fitgap.core.network_shape import NetworkShape, network_with
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Sweep
from fitgap.runner.spec.architectures import has_recurrent_layers, is_dense, layer_of
from fitgap.runner.spec.configuration import Choice, HiddenLayer, architecture_label


def network_of(dataset: Dataset, architecture: tuple[HiddenLayer, ...], output_count: int) -> NetworkShape:
    """The shape of networks with these hidden layers; dense ones do not depend on the axes of the inputs."""
    axes = (dataset.input_count,) if is_dense(architecture) else dataset.axes
    return network_with(axes, tuple(map(layer_of, architecture)), output_count, dataset.is_padded)


def check_shapes(sweep: Sweep, dataset: Dataset, output_count: int) -> None:
    """Raise SpecError if the layers of an architecture do not fit the inputs or each other."""
    for architecture in sweep.axes["architecture"]:
        try:
            _ = network_of(dataset, architecture, output_count).shapes
        except ValueError as error:
            rule = f"{architecture_label(architecture)} does not fit {sweep.data.source}: {error}"
            raise SpecError(f"{rule}; {advice(architecture, dataset)}", ("axes", "architecture")) from None


def advice(architecture: tuple[HiddenLayer, ...], dataset: Dataset) -> str:
    """What to do about layers that do not fit."""
    if dataset.is_padded and not all(layer_of(each).leaves_out_padding for each in architecture):
        return "use rnn, gru or lstm without truncate; norm, globalpool and dense layers may follow"
    is_recurrent = has_recurrent_layers(architecture)
    if len(dataset.axes) == 1:
        # Convolutions and poolings go over one axis or two; recurrent layers need steps.
        images = "" if is_recurrent else " or, for images, shape: [height, width, channels]"
        told = f"with shape under data, such as shape: [steps, channels]{images}"
        return f"say how the {dataset.axes[0]:,} inputs are arranged, {told}"
    if is_recurrent and len(dataset.axes) > 2:
        steps, *rest = dataset.axes
        return f"to go through the rows one by one, write shape: [{steps}, {math.prod(rest)}] under data"
    if any(isinstance(layer, Choice) and layer.variant.goes_around for layer in architecture):
        return "give its last layer as many units or channels as its inputs have; padding=same keeps the positions"
    dense = [isinstance(layer, int) for layer in architecture]
    return "put dense layers last" if dense != sorted(dense) else "choose other sizes or layers"
