"""Compiled passes of a layer: bias, activation function and derivative of the units of one function group."""

from collections.abc import Callable
from functools import cache

import numpy as np
from fitgap.core.activations import Activation
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.kernels.expressions import Expression
from fitgap.core.kernels.fused_pass import Formula

Function = Callable[..., Expression]


def evaluation_pass(
    function: Activation, sums: np.ndarray, bias: np.ndarray, activations: np.ndarray, numbers: dict[str, np.ndarray]
) -> BoundPass | None:
    """a ← f(s + b), leaving s unchanged; None if f needs a transcendental function or there is no machine code."""
    if function.value_formula is None:
        return None
    arrays = {"sums": sums, "bias": bias, "activations": activations, **numbers}
    return bind(value_formula(function.value_formula), arrays, written="activations")


def training_pass(
    function: Activation, sums: np.ndarray, bias: np.ndarray, activations: np.ndarray, numbers: dict[str, np.ndarray]
) -> BoundPass | None:
    """a ← f(s + b), s ← f′(s + b); None if either needs a transcendental function or there is no machine code."""
    if function.value_formula is None or function.derivative_formula is None:
        return None
    arrays = {"sums": sums, "bias": bias, "activations": activations, **numbers}
    formula = value_and_derivative_formula(function.value_formula, function.derivative_formula)
    return bind(formula, arrays, written="activations")


def derivative_pass(
    function: Activation, sums: np.ndarray, activations: np.ndarray, numbers: dict[str, np.ndarray]
) -> BoundPass | None:
    """s ← f′(s), where a is f(s); None if f′ needs a transcendental function or there is no machine code."""
    if function.derivative_formula is None:
        return None
    arrays = {"sums": sums, "activations": activations, **numbers}
    return bind(derivative_formula(function.derivative_formula), arrays, written="sums")


@cache
def value_formula(value: Function) -> Formula:
    def formula(
        sums: Expression, bias: Expression, activations: Expression, **numbers: Expression
    ) -> dict[str, Expression]:
        return {"activations": value(sums + bias, **numbers)}

    return formula


@cache
def value_and_derivative_formula(value: Function, derivative: Function) -> Formula:
    def formula(
        sums: Expression, bias: Expression, activations: Expression, **numbers: Expression
    ) -> dict[str, Expression]:
        x = sums + bias
        a = value(x, **numbers)
        return {"activations": a, "sums": derivative(x, a, **numbers)}

    return formula


@cache
def derivative_formula(derivative: Function) -> Formula:
    def formula(sums: Expression, activations: Expression, **numbers: Expression) -> dict[str, Expression]:
        return {"sums": derivative(sums, activations, **numbers)}

    return formula
