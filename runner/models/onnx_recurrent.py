"""Recurrent layers as operators of ONNX: a Scan over the steps.

The operators RNN, GRU and LSTM are not used, because onnxruntime lacks them in double precision and they support few
activation functions.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from fitgap.core.layers.elman import Elman
from fitgap.core.layers.gru import Gated
from fitgap.core.layers.layer import Layer
from fitgap.core.layers.lstm import Memory
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.model import ModelLayer
from fitgap.runner.models.onnx_functions import activated
from fitgap.runner.models.onnx_graph import Graph


def over_steps(graph: Graph, layer: ModelLayer, values: str, real: str | None = None) -> str:
    """The outputs (N, steps, units), or (N, units) of the last step, of a recurrent layer.

    If sequences have different lengths, `real` (N, steps, 1) is 1 for real steps and 0 for padding. States do not
    change in padded steps, so the final ones are those of the last real step.
    """
    kind, dtype = layer.layer, layer.biases.dtype
    assert isinstance(kind, Recurrent)
    sequence = graph.add("Reshape", values, graph.constant([0, *layer.shape], np.int64))
    product = graph.add("MatMul", sequence, graph.constant(layer.weights[0].T, dtype))
    size = len(layer.weights[0])
    sums = graph.add("Add", product, graph.constant(layer.biases[:size], dtype))
    state_count = 2 if isinstance(kind, Memory) else 1
    start = start_of(graph, values, kind.units, dtype)
    outputs = [f"{graph.prefix}scanned_{len(graph.nodes)}_{number}" for number in range(state_count + 1)]
    body = step_graph(layer, state_count, prefix=f"step_{len(graph.nodes)}_", has_padding=real is not None)
    scanned = [sums] if real is None else [sums, real]
    # The axis of steps follows that of examples.
    axes = {"scan_input_axes": [1] * len(scanned), "scan_output_axes": [1]}
    graph.add_node("Scan", [start] * state_count + scanned, outputs, body=body, num_scan_inputs=len(scanned), **axes)
    if kind.outputs == "last":
        return outputs[0]
    return outputs[-1] if real is None else graph.add("Mul", outputs[-1], real)


def start_of(graph: Graph, values: str, units: int, dtype: Any) -> str:
    """h = 0 (N, units) before the first step."""
    count = graph.add("Slice", graph.add("Shape", values), *(graph.constant([edge], np.int64) for edge in (0, 1, 0)))
    shape = graph.add("Concat", count, graph.constant([units], np.int64), axis=0)
    return graph.add("Expand", graph.constant([[0]], dtype), shape)


def step_graph(layer: ModelLayer, state_count: int, prefix: str, has_padding: bool) -> Any:
    """The graph of one step: from the states and W x + b to the new states and the output."""
    from onnx import helper

    step, dtype = Graph(prefix), layer.biases.dtype
    kind = helper.np_dtype_to_tensor_dtype(dtype)
    names = [f"{prefix}state_{number}" for number in range(state_count)]
    given = f"{prefix}sums"
    from_before = step.add("MatMul", names[0], step.constant(layer.weights[1].T, dtype))
    states = STEPS[type(layer.layer)](step, layer, names, given, from_before)
    scanned = [given]
    if has_padding:
        scanned.append(f"{prefix}real")
        is_real = step.cast(scanned[-1], bool)
        states = [step.add("Where", is_real, *pair) for pair in zip(states, names, strict=True)]
    results = [step.add("Identity", state, output=f"{prefix}new_{number}") for number, state in enumerate(states)]
    results.append(step.add("Identity", states[0], output=f"{prefix}output"))

    def described(name: str) -> Any:
        return helper.make_tensor_value_info(name, kind, None)

    inputs, outputs = map(described, [*names, *scanned]), map(described, results)
    return helper.make_graph(step.nodes, f"{prefix}graph", list(inputs), list(outputs), step.constants)


def elman_step(step: Graph, layer: ModelLayer, states: list[str], given: str, from_before: str) -> list[str]:
    return [activated(step, layer, step.add("Add", given, from_before), axis=1)]


def gru_step(step: Graph, layer: ModelLayer, states: list[str], given: str, from_before: str) -> list[str]:
    units, dtype, (state,) = len(layer.weights[1][0]), layer.biases.dtype, states
    own, before = split(step, given, units, 3), split(step, from_before, units, 3)
    reset, update = (
        step.add("Sigmoid", step.add("Add", one, other)) for one, other in zip(own[:2], before[:2], strict=True)
    )
    inner = step.add("Add", before[2], step.constant(layer.biases[3 * units :], dtype))
    candidate = step.add("Tanh", step.add("Add", own[2], step.add("Mul", reset, inner)))
    return [step.add("Add", candidate, step.add("Mul", update, step.add("Sub", state, candidate)))]


def lstm_step(step: Graph, layer: ModelLayer, states: list[str], given: str, from_before: str) -> list[str]:
    units = len(layer.weights[1][0])
    parts = split(step, step.add("Add", given, from_before), units, 4)
    enter, keep, leave = (step.add("Sigmoid", parts[number]) for number in (0, 1, 3))
    entered = step.add("Mul", enter, step.add("Tanh", parts[2]))
    cells = step.add("Add", entered, step.add("Mul", keep, states[1]))
    return [step.add("Mul", leave, step.add("Tanh", cells)), cells]


def split(step: Graph, values: str, units: int, count: int) -> list[str]:
    """The blocks of n units of values (N, count · n)."""
    borders = [[step.constant([edge], np.int64) for edge in (units * n, units * (n + 1), 1)] for n in range(count)]
    return [step.add("Slice", values, *edges) for edges in borders]


STEPS: dict[type[Layer], Callable[..., list[str]]] = {Elman: elman_step, Gated: gru_step, Memory: lstm_step}
