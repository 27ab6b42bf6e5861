"""Compiled passes of the output layer: bias, gradient of the loss and its mean over the batch, bound to a workspace."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.kernels.expressions import Expression
from fitgap.core.kernels.fused_pass import Formula
from fitgap.core.losses import Loss

Gradient = Callable[..., Expression]


@dataclass(frozen=True)
class OutputPass:
    """Adds the bias to the outputs s = W a, and computes the gradient of the loss.

    `gradient` (K, B, n) receives what `Loss.gradient` would write. `wide` is a float64 buffer of the same shape.
    """

    gradient: np.ndarray
    wide: np.ndarray
    compute: BoundPass


def output_pass(
    loss: Loss, outputs: np.ndarray, bias: np.ndarray, targets: np.ndarray, delta: np.ndarray | None
) -> OutputPass | None:
    """The pass for these buffers (K, B, n) and the bias (K, 1, n) of an output layer without activation function.

    In training it also writes `delta`, the gradient of the mean error, where backpropagation starts. None if the loss
    needs a transcendental function, or if there is no machine code.
    """
    if loss.gradient_formula is None:
        return None
    gradient = np.empty_like(outputs)
    arrays = {"outputs": outputs, "bias": bias, "targets": targets, "gradient": gradient}
    formula = evaluation_formula(loss.gradient_formula)
    if delta is not None:
        formula = training_formula(loss.gradient_formula)
        arrays |= {"delta": delta, "scale": np.full((1, 1, 1), mean_scale(delta), delta.dtype)}
    bound = bind(formula, arrays, written="gradient")
    return OutputPass(gradient, np.empty_like(gradient, np.float64), bound) if bound else None


def mean_scale(delta: np.ndarray) -> np.floating:
    """1/B in the type of the training, for the mean over a batch (K, B, n)."""
    scale: np.floating = delta.dtype.type(1 / delta.shape[1])
    return scale


@cache
def evaluation_formula(gradient_of: Gradient) -> Formula:
    def formula(
        outputs: Expression, bias: Expression, targets: Expression, gradient: Expression
    ) -> dict[str, Expression]:
        a = outputs + bias
        return {"outputs": a, "gradient": gradient_of(a, targets)}

    return formula


@cache
def training_formula(gradient_of: Gradient) -> Formula:
    def formula(
        outputs: Expression,
        bias: Expression,
        targets: Expression,
        gradient: Expression,
        delta: Expression,
        scale: Expression,
    ) -> dict[str, Expression]:
        a = outputs + bias
        d = gradient_of(a, targets)
        return {"outputs": a, "gradient": d, "delta": d * scale}

    return formula
