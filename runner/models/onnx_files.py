"""Trained networks as ONNX files, which other programs run without fitgap. Needs the package `onnx`.

The graph takes raw inputs, as `fitgap predict` does, and gives the same predictions. docs/reference/model-file.md
describes its inputs and outputs.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.core.layers.convolution import Convolution
from fitgap.core.layers.normalization import Normalization
from fitgap.core.layers.pooling import GlobalAveragePooling, MaximumPooling, Pooling
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.layers.windows import Windows
from fitgap.core.model import Model, ModelLayer
from fitgap.core.scaling import InputTransform
from fitgap.core.target_coding import READINGS
from fitgap.runner.errors import ModelError
from fitgap.runner.files.output_files import READABLE, written_file
from fitgap.runner.models.model_files import description
from fitgap.runner.models.named_model import NamedModel, name_of
from fitgap.runner.models.onnx_functions import activated
from fitgap.runner.models.onnx_graph import DOUBLE, Graph
from fitgap.runner.models.onnx_recurrent import over_steps

# Versions that readers from recent years support.
OPSET, FILE_VERSION = 17, 8


def save_onnx(named: NamedModel, path: Path, rights: int = READABLE) -> None:
    """Write an ONNX file; an existing file is replaced only once the new one is complete.

    Raises ModelError if the package onnx is missing, OutputError if the path cannot be written.
    """
    content = onnx_model(named).SerializeToString()
    with written_file(path, rights) as part:
        part.write_bytes(content)


def onnx_model(named: NamedModel) -> Any:
    """The network as an `onnx.ModelProto`. Raises ModelError if the package onnx is missing."""
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError:
        rule = "an ONNX file needs the package onnx, which is not installed"
        raise ModelError(f"{rule}; install it with `pip install 'fitgap[onnx]'`, or export to model.npz") from None
    graph = Graph()
    network = network_outputs(graph, named.model)
    prediction = predicted(graph, named, network)
    graph.add("Identity", network, output="outputs")
    graph.add("Identity", prediction, output="prediction")
    dtype = named.model.dtype
    answer = (TensorProto.STRING, ["examples"]) if named.class_names else (TensorProto.DOUBLE, ["examples", "targets"])
    made = helper.make_graph(
        graph.nodes,
        "fitgap",
        [helper.make_tensor_value_info("inputs", TensorProto.DOUBLE, ["examples", len(named.input_names)])],
        [
            helper.make_tensor_value_info("prediction", *answer),
            helper.make_tensor_value_info("outputs", helper.np_dtype_to_tensor_dtype(dtype), ["examples", "units"]),
        ],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=FILE_VERSION)
    model.producer_name = "fitgap"
    helper.set_model_props(model, {"fitgap": json.dumps(description(named), ensure_ascii=False)})
    onnx.checker.check_model(model)
    return model


def network_outputs(graph: Graph, model: Model) -> str:
    """The outputs of the network after the loss's link function, from the raw inputs."""
    dtype = model.dtype
    before = [graph.cast(scaled_inputs(graph, model.inputs_transform), dtype)]
    real = None
    if model.is_padded:
        real = real_steps(graph, before[0], model.layers[0].shape, dtype)
        before[0] = graph.add("Where", graph.add("IsNaN", before[0]), graph.constant(0, dtype), before[0])
    for layer in model.layers:
        around = layer.layer.goes_around
        added = graph.add("Add", before[-1], before[-1 - around]) if around else None
        before.append(added or layer_outputs(graph, layer, before[-1], real))
    values = before[-1]
    if model.loss.link == "softmax":
        return graph.add("Softmax", values, axis=-1)
    return graph.add("Sigmoid", values) if model.loss.link == "sigmoid" else values


def scaled_inputs(graph: Graph, transform: InputTransform) -> str:
    """The inputs, filled, limited and scaled, in float64."""
    values = "inputs"
    if not np.isnan(transform.fill).all():
        values = graph.add("Where", graph.add("IsNaN", values), graph.constant(transform.fill[np.newaxis]), values)
    if transform.low is not None and transform.high is not None:
        # Not Max and Min, which may lose NaN.
        for operator, limit in (("Less", transform.low), ("Greater", transform.high)):
            bound = graph.constant(limit[np.newaxis])
            values = graph.add("Where", graph.add(operator, values, bound), bound, values)
    shifted = graph.add("Sub", values, graph.constant(transform.shift[np.newaxis]))
    return graph.add("Mul", shifted, graph.constant(transform.factor[np.newaxis]))


def real_steps(graph: Graph, inputs: str, shape: Sequence[int], dtype: Any) -> str | None:
    """A mask (N, T, 1) of sequences (N, T · C) that is 0 where steps are padding (NaN), else 1; None without steps."""
    if len(shape) != 2:
        return None
    steps = graph.add("Reshape", inputs, graph.constant([0, *shape], np.int64))
    first = graph.add("Slice", steps, *(graph.constant([edge], np.int64) for edge in (0, 1, 2)))
    return graph.cast(graph.add("Not", graph.add("IsNaN", first)), dtype)


def layer_outputs(graph: Graph, layer: ModelLayer, values: str, real: str | None) -> str:
    """a⁽ᵏ⁾ from a⁽ᵏ⁻¹⁾, (N, n) with the axes of an example in row-major order."""
    if isinstance(layer.layer, Recurrent):
        return flattened(graph, over_steps(graph, layer, values, real))
    if isinstance(layer.layer, Normalization):
        found = normalized(graph, layer, values)
        return flattened(graph, found if real is None or len(layer.shape) == 1 else graph.add("Mul", found, real))
    if isinstance(layer.layer, GlobalAveragePooling) and real is not None:
        return flattened(graph, mean_of_steps(graph, layer, values, real))
    if not layer.functions:
        return flattened(graph, pooled(graph, layer, values))
    if isinstance(layer.layer, Convolution):
        rows = windows_of(graph, layer.layer.windows(layer.shape), values)
        joined = graph.add("Reshape", rows, graph.constant([0, 0, -1], np.int64))
        return flattened(graph, activated(graph, layer, weighted(graph, layer, joined), axis=2))
    return activated(graph, layer, weighted(graph, layer, values), axis=1)


def weighted(graph: Graph, layer: ModelLayer, values: str) -> str:
    """W x + b for the last axis of the values."""
    product = graph.add("MatMul", values, graph.constant(layer.weights[0].T, layer.biases.dtype))
    return graph.add("Add", product, graph.constant(layer.biases[np.newaxis], layer.biases.dtype))


def windows_of(graph: Graph, windows: Windows, values: str) -> str:
    """The windows (N, positions, places, channels) of values (N, n).

    The operators Conv and AveragePool are not used, because onnxruntime lacks them in double precision.
    """
    if windows.padding == "same":
        # Append a 0, which places outside the inputs refer to.
        values = graph.add("Pad", values, graph.constant([0, 0, 0, 1], np.int64))
    return graph.add("Gather", values, graph.constant(windows.indices(), np.int64), axis=1)


def pooled(graph: Graph, layer: ModelLayer, values: str) -> str:
    """The outputs (N, positions, channels) of a pooling of values (N, n)."""
    if isinstance(layer.layer, Pooling):
        operator = "ReduceMax" if isinstance(layer.layer, MaximumPooling) else "ReduceMean"
        return graph.add(operator, windows_of(graph, layer.layer.windows(layer.shape), values), axes=[2], keepdims=0)
    rows = graph.add("Reshape", values, graph.constant([0, -1, layer.shape[-1]], np.int64))
    return graph.add("ReduceMean", rows, axes=[1], keepdims=1)


def mean_of_steps(graph: Graph, layer: ModelLayer, values: str, real: str) -> str:
    """The mean (N, 1, channels) over the real steps of values (N, n)."""
    steps = graph.add("Reshape", values, graph.constant([0, *layer.shape], np.int64))
    axis = graph.constant([1], np.int64)
    total, count = (graph.add("ReduceSum", each, axis, keepdims=1) for each in (steps, real))
    return graph.add("Div", total, count)


def normalized(graph: Graph, layer: ModelLayer, values: str) -> str:
    """The outputs (N, positions, channels) of a layer normalization of values (N, n)."""
    assert isinstance(layer.layer, Normalization)
    dtype, channels = layer.biases.dtype, layer.shape[-1]
    rows = graph.add("Reshape", values, graph.constant([0, -1, channels], np.int64))
    centred = graph.add("Sub", rows, graph.add("ReduceMean", rows, axes=[2], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=[2], keepdims=1)
    root = graph.add("Sqrt", graph.add("Add", variance, graph.constant(layer.layer.epsilon, dtype)))
    gained = graph.add("Mul", graph.add("Div", centred, root), graph.constant(layer.biases[:channels], dtype))
    return graph.add("Add", gained, graph.constant(layer.biases[channels:], dtype))


def flattened(graph: Graph, values: str) -> str:
    """Values (N, …) as (N, n)."""
    return graph.add("Reshape", values, graph.constant([0, -1], np.int64))


def predicted(graph: Graph, named: NamedModel, outputs: str) -> str:
    """The names of the predicted classes (N,), or the predicted numbers (N, m) in their units."""
    if named.class_names:
        numbers = class_numbers(graph, name_of(named.model.reading, READINGS), outputs, len(named.class_names))
        return graph.add("Gather", graph.constant([*named.class_names, "unrecognized"], str), numbers, axis=0)
    scaling = named.model.targets_scaling
    scaled = graph.add("Mul", graph.cast(outputs, DOUBLE), graph.constant(scaling.lengths[np.newaxis]))
    return graph.add("Add", scaled, graph.constant(scaling.shift[np.newaxis]))


def class_numbers(graph: Graph, reading: str, outputs: str, class_count: int) -> str:
    """The numbers of the predicted classes (N,)."""
    if reading in ("one_per_class", "unrecognized"):
        return graph.add("ArgMax", outputs, axis=-1, keepdims=0)
    single = graph.add("Squeeze", graph.cast(outputs, DOUBLE), graph.constant([1], np.int64))
    if reading == "intervals":
        # NaN, and values below the first interval, belong to the first class.
        known = graph.add("Where", graph.add("IsNaN", single), graph.constant(0.0), single)
        share = graph.add("Min", graph.add("Max", known, graph.constant(0.0)), graph.constant(1.0))
        above = graph.add("Ceil", graph.add("Mul", share, graph.constant(float(class_count))))
        first = graph.add("Max", graph.add("Sub", above, graph.constant(1.0)), graph.constant(0.0))
        return graph.cast(first, np.int64)
    border = {"zero_one": 0.5, "signs": 0.0}[reading]
    return graph.cast(graph.add("Greater", single, graph.constant(border)), np.int64)
