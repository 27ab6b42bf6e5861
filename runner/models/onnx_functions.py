"""Activation functions as operators of ONNX."""

from collections.abc import Callable

import numpy as np
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.model import ModelLayer
from fitgap.runner.models.named_model import name_of
from fitgap.runner.models.onnx_graph import DOUBLE, Graph


def activated(graph: Graph, layer: ModelLayer, sums: str, axis: int) -> str:
    """Apply the functions of a layer, each to its part of the unit axis."""
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
    """max(0, x) + β/(2(√(x² + β) + |x|)), which avoids cancellation."""
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
