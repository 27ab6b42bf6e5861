"""Losses: the error of one example, and its gradient with respect to the outputs of the network.

`errors` and `gradient` never sum or average over examples; the caller does so explicitly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.activations.exponentials import log_one_plus_exp
from fitgap.core.kernels.expressions import Expression
from fitgap.core.variants import Variant


@dataclass(frozen=True)
class Loss(Variant):
    """Base of the losses. `readings` are the readings that it supports; all of them if empty.

    A loss with a `link` applies that function to the outputs, so the output activation must be the identity.
    `gradient_formula` states `gradient` once more, for compiled passes with the same bits; None if it needs a
    transcendental function.
    """

    readings: ClassVar[tuple[str, ...]] = ()
    link: ClassVar[str] = ""
    gradient_formula: ClassVar[Callable[..., Expression] | None] = None

    @staticmethod
    def errors(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The error of each example (…, B) in float64, from outputs and targets (…, B, n)."""
        raise NotImplementedError

    @staticmethod
    def gradient(outputs: np.ndarray, targets: np.ndarray, out: np.ndarray) -> None:
        """Write the derivative of each example's error with respect to its outputs into `out` (…, B, n)."""
        raise NotImplementedError

    @staticmethod
    def best_constant(targets: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """The outputs (n,), the same for all examples, with the lowest mean error on these targets (N, n), float64.

        `weights` (N,), with a mean of 1, multiply the errors.
        """
        raise NotImplementedError

    def errors_by_gradient(self, gradient: np.ndarray, wide: np.ndarray) -> np.ndarray:
        """The same bits as `errors`, computed from the result of `gradient`, for losses with a `gradient_formula`.

        `wide` (…, B, n) is a buffer in float64 with the layout of the gradient.
        """
        raise NotImplementedError

    def summed_errors(self, outputs: np.ndarray, targets: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The sum of each member's errors over the batch (K,), from arrays (K, B, n) and the result of `gradient`.

        Used for the running mean, which is reported next to E_t and may be less exact.
        """
        return self.errors(outputs, targets).sum(axis=-1)

    @staticmethod
    def linked(outputs: np.ndarray) -> np.ndarray:
        """The outputs after the loss's link function, ready to be read."""
        return outputs


@dataclass(frozen=True)
class HalfSquaredError(Loss):
    """½‖a − y‖² (Magyar 2024, Eq. 5): half the sum over the outputs, so that the derivative is a − y (Eq. 13).

    a − y is computed in the precision of the training, the rest in float64.
    """

    @staticmethod
    def errors(outputs, targets):
        # Converting afterwards is several times cheaper: a float64 subtraction would first convert both arrays.
        difference = np.subtract(outputs, targets).astype(np.float64)
        difference *= difference
        return 0.5 * over_outputs(difference)

    @staticmethod
    def gradient(outputs, targets, out):
        # a − y, not y − a: with the sign printed in Alg. 7, steps would increase the error.
        np.subtract(outputs, targets, out=out)

    @staticmethod
    def gradient_formula(outputs, targets):
        return outputs - targets

    @staticmethod
    def best_constant(targets, weights=None):
        return mean_target(targets, weights)

    def errors_by_gradient(self, gradient, wide):
        # Allocating a new array of this size would take longer than the computation.
        np.copyto(wide, gradient)
        np.multiply(wide, wide, out=wide)
        return 0.5 * over_outputs(wide)

    def summed_errors(self, outputs, targets, gradient):
        # The gradient already is the difference; one product gives its squared norm.
        differences = gradient.reshape(len(gradient), 1, -1)
        return 0.5 * np.matmul(differences, differences.transpose(0, 2, 1))[:, 0, 0].astype(np.float64)


@dataclass(frozen=True)
class SoftmaxCrossEntropy(Loss):
    """−Σ y·ln softmax(a), for classes with one output each; predictions are read from softmax(a)."""

    readings = ("one_per_class", "unrecognized")
    link = "softmax"

    @staticmethod
    def errors(outputs, targets):
        outputs = outputs.astype(np.float64)
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        return np.log(over_outputs(np.exp(shifted))) - over_outputs(targets * shifted)

    @staticmethod
    def gradient(outputs, targets, out):
        np.subtract(softmax(outputs), targets, out=out)

    @staticmethod
    def best_constant(targets, weights=None):
        return np.log(np.maximum(mean_target(targets, weights), rarest(targets)))

    @staticmethod
    def linked(outputs):
        return softmax(outputs)


@dataclass(frozen=True)
class SigmoidCrossEntropy(Loss):
    """−Σ [y·ln σ(a) + (1 − y)·ln(1 − σ(a))], for two classes with one output; predictions are read from σ(a)."""

    readings = ("zero_one",)
    link = "sigmoid"

    @staticmethod
    def errors(outputs, targets):
        outputs = outputs.astype(np.float64)
        return over_outputs(log_one_plus_exp(outputs) - targets * outputs)

    @staticmethod
    def gradient(outputs, targets, out):
        np.subtract(one_output_sigmoid(outputs), targets, out=out)

    @staticmethod
    def best_constant(targets, weights=None):
        share = np.clip(mean_target(targets, weights), rarest(targets), 1 - rarest(targets))
        return np.log(share / (1 - share))

    @staticmethod
    def linked(outputs):
        return one_output_sigmoid(outputs)


def over_outputs(values: np.ndarray) -> np.ndarray:
    """The sum over the last axis of (…, n), as a product with ones: three times faster for few outputs."""
    return np.matmul(values, np.ones(values.shape[-1]))


def mean_target(targets: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """The mean (n,) of targets (N, n), with weights (N,) whose mean is 1 if there are any."""
    return targets.mean(axis=0) if weights is None else (targets * weights[:, np.newaxis]).mean(axis=0)


def rarest(targets: np.ndarray) -> float:
    """The frequency assumed for a class that does not occur in the targets (N, n): half an example, so that errors are
    finite if it occurs elsewhere.
    """
    return 0.5 / len(targets)


def softmax(outputs: np.ndarray) -> np.ndarray:
    """e^a/Σe^a over the last axis, which cannot overflow."""
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def one_output_sigmoid(outputs: np.ndarray) -> np.ndarray:
    """1/(1 + e^(−a)), computed from tanh."""
    return 0.5 * (1 + np.tanh(outputs * 0.5))


LOSSES: dict[str, type[Loss]] = {
    "half_squared_error": HalfSquaredError,
    "softmax_cross_entropy": SoftmaxCrossEntropy,
    "sigmoid_cross_entropy": SigmoidCrossEntropy,
}
