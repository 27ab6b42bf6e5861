"""Trained networks as ONNX files, which other programs run without fitgap. Needs the package `onnx`.

The graph takes raw inputs, as `fitgap predict` does, and gives the same predictions. docs/reference/model-file.md
describes its inputs and outputs.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.layers.convolution import Convolution
from fitgap.core.layers.pooling import MaximumPooling, Pooling
from fitgap.core.layers.windows import Windows
from fitgap.core.model import Model, ModelLayer
from fitgap.core.scaling import InputTransform
from fitgap.core.target_coding import READINGS
from fitgap.runner.errors import ModelError
from fitgap.runner.files.output_files import READABLE, written_file
from fitgap.runner.model_files import NamedModel, description, name_of

# Versions that readers of recent years know.
OPSET, FILE_VERSION = 17, 8
DOUBLE = np.float64


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


class Graph:
    """A graph under construction. Values are referred to by name."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Append an operator; returns the name of its result."""
        from onnx import helper

        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Any, dtype: Any = DOUBLE) -> str:
        """The name of a constant with these values."""
        from onnx import helper, numpy_helper

        name = f"constant_{len(self.constants)}"
        if dtype is str:
            texts = [text.encode() for text in values]
            tensor = helper.make_tensor(name, helper.np_dtype_to_tensor_dtype(np.dtype(object)), [len(texts)], texts)
        else:
            tensor = numpy_helper.from_array(np.ascontiguousarray(values, dtype), name)
        self.constants.append(tensor)
        return name

    def cast(self, value: str, dtype: Any) -> str:
        """The value in another type."""
        from onnx import helper

        return self.add("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def network_outputs(graph: Graph, model: Model) -> str:
    """The outputs of the network after the loss's link function, from the raw inputs."""
    dtype = model.dtype
    values = graph.cast(scaled_inputs(graph, model.inputs_transform), dtype)
    for layer in model.layers:
        values = layer_outputs(graph, layer, values)
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


def layer_outputs(graph: Graph, layer: ModelLayer, values: str) -> str:
    """a⁽ᵏ⁾ from a⁽ᵏ⁻¹⁾, (N, n) with the axes of an example in row-major order."""
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

    Not by the operators Conv and AveragePool, which onnxruntime does not have in double precision.
    """
    if windows.padding == "same":
        # One more value, 0, which the places outside of the inputs refer to.
        values = graph.add("Pad", values, graph.constant([0, 0, 0, 1], np.int64))
    return graph.add("Gather", values, graph.constant(windows.indices(), np.int64), axis=1)


def pooled(graph: Graph, layer: ModelLayer, values: str) -> str:
    """The outputs (N, positions, channels) of a pooling of values (N, n)."""
    if isinstance(layer.layer, Pooling):
        operator = "ReduceMax" if isinstance(layer.layer, MaximumPooling) else "ReduceMean"
        return graph.add(operator, windows_of(graph, layer.layer.windows(layer.shape), values), axes=[2], keepdims=0)
    rows = graph.add("Reshape", values, graph.constant([0, -1, layer.shape[-1]], np.int64))
    return graph.add("ReduceMean", rows, axes=[1], keepdims=1)


def flattened(graph: Graph, values: str) -> str:
    """Values (N, …) as (N, n)."""
    return graph.add("Reshape", values, graph.constant([0, -1], np.int64))


def activated(graph: Graph, layer: ModelLayer, sums: str, axis: int) -> str:
    """The functions of a layer, each on its share of the axis of units."""
    dtype = layer.biases.dtype
    functions = [each for each in layer.functions if each[1].stop > each[1].start]
    parts = []
    for function, units, numbers in functions:
        part = sums
        if len(functions) > 1:
            borders = (graph.constant([edge], np.int64) for edge in (units.start, units.stop, axis))
            part = graph.add("Slice", sums, *borders)
        name = name_of(function, ACTIVATIONS)
        if name != "identity":
            # In float64, so that ln(1 + eˣ) is as precise as `log1p`.
            part = graph.cast(FUNCTIONS[name](graph, graph.cast(part, DOUBLE), **numbers), dtype)
        parts.append(part)
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=axis)


def threshold(graph: Graph, x: str) -> str:
    return graph.cast(graph.add("Greater", x, graph.constant(0.0)), DOUBLE)


def sign(graph: Graph, x: str) -> str:
    above = graph.add("Greater", x, graph.constant(0.0))
    return graph.add("Where", above, graph.constant(1.0), graph.constant(-1.0))


def logistic(graph: Graph, x: str, beta: float, gamma: float) -> str:
    """γσ(βx) as γ/2·(1 + tanh(βx/2)), which cannot overflow."""
    bend = graph.add("Tanh", graph.add("Mul", x, graph.constant(beta / 2)))
    return graph.add("Mul", graph.add("Add", bend, graph.constant(1.0)), graph.constant(gamma / 2))


def prelu(graph: Graph, x: str, beta: float) -> str:
    left = graph.add("Mul", x, graph.constant(beta))
    return graph.add("Where", graph.add("Greater", x, graph.constant(0.0)), x, left)


def elu(graph: Graph, x: str, beta: float) -> str:
    left = graph.add("Exp", graph.add("Min", x, graph.constant(0.0)))
    scaled = graph.add("Mul", graph.add("Sub", left, graph.constant(1.0)), graph.constant(beta))
    return graph.add("Where", graph.add("Greater", x, graph.constant(0.0)), x, scaled)


def log_one_plus_exp(graph: Graph, x: str, beta: float) -> str:
    """ln(1 + e^(βx)), which cannot overflow."""
    z = graph.add("Mul", x, graph.constant(beta))
    rest = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    logarithm = graph.add("Log", graph.add("Add", rest, graph.constant(1.0)))
    return graph.add("Add", graph.add("Max", z, graph.constant(0.0)), logarithm)


def softplus(graph: Graph, x: str, beta: float, gamma: float) -> str:
    return graph.add("Mul", log_one_plus_exp(graph, x, beta), graph.constant(gamma / beta))


def mish(graph: Graph, x: str, beta: float) -> str:
    bend = graph.add("Div", log_one_plus_exp(graph, x, beta), graph.constant(beta))
    return graph.add("Mul", x, graph.add("Tanh", bend))


def squareplus(graph: Graph, x: str, beta: float) -> str:
    """max(0, x) + β/(2(√(x² + β) + |x|)), which cancels nowhere."""
    root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", x, x), graph.constant(beta)))
    below = graph.add("Mul", graph.add("Add", root, graph.add("Abs", x)), graph.constant(2.0))
    safe = graph.add("Add", below, graph.constant(np.finfo(DOUBLE).tiny))
    return graph.add("Add", graph.add("Max", x, graph.constant(0.0)), graph.add("Div", graph.constant(beta), safe))


# Each function of `core/activations`, from x in float64.
FUNCTIONS: dict[str, Callable[..., str]] = {
    "threshold": threshold,
    "sign": sign,
    "sigmoid": logistic,
    "tanh": lambda graph, x: graph.add("Tanh", x),
    "relu": lambda graph, x: graph.add("Max", x, graph.constant(0.0)),
    "prelu": prelu,
    "silu": lambda graph, x, beta, gamma: graph.add("Mul", x, logistic(graph, x, beta, gamma)),
    "elu": elu,
    "softplus": softplus,
    "mish": mish,
    "squareplus": squareplus,
}


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
        # NaN, and values below the first interval, are of the first class.
        known = graph.add("Where", graph.add("IsNaN", single), graph.constant(0.0), single)
        share = graph.add("Min", graph.add("Max", known, graph.constant(0.0)), graph.constant(1.0))
        above = graph.add("Ceil", graph.add("Mul", share, graph.constant(float(class_count))))
        first = graph.add("Max", graph.add("Sub", above, graph.constant(1.0)), graph.constant(0.0))
        return graph.cast(first, np.int64)
    border = {"zero_one": 0.5, "signs": 0.0}[reading]
    return graph.cast(graph.add("Greater", single, graph.constant(border)), np.int64)
