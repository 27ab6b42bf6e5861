"""Losses: the error of one example, and its gradient with respect to the outputs of the network.

`errors` and `gradient` never sum or average over examples; the caller does so explicitly.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.activations.exponentials import log_one_plus_exp
from fitgap.core.variants import Variant


@dataclass(frozen=True)
class Loss(Variant):
    """Base of the losses. `readings` are the readings that it supports; all of them if empty.

    A loss with a `link` applies that function to the outputs, so the output activation must be the identity.
    """

    readings: ClassVar[tuple[str, ...]] = ()
    link: ClassVar[str] = ""

    @staticmethod
    def errors(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The error of each example (…, B) in float64, from outputs and targets (…, B, n)."""
        raise NotImplementedError

    @staticmethod
    def gradient(outputs: np.ndarray, targets: np.ndarray, out: np.ndarray) -> None:
        """Write the derivative of each example's error with respect to its outputs into `out` (…, B, n)."""
        raise NotImplementedError

    @staticmethod
    def best_constant(targets: np.ndarray) -> np.ndarray:
        """The outputs (n,), the same for all examples, with the lowest mean error on these targets (N, n), float64."""
        raise NotImplementedError

    def summed_errors(self, outputs: np.ndarray, targets: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The sum of each member's errors over the batch (K,), from arrays (K, B, n); `gradient` as from `gradient`.

        Used for the running mean, which is reported next to E_t and may be less exact.
        """
        return self.errors(outputs, targets).sum(axis=-1)

    @staticmethod
    def linked(outputs: np.ndarray) -> np.ndarray:
        """The outputs after the loss's link function: what a reading interprets."""
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
        # a − y, not y − a: Alg. 7 prints the sign that climbs the error.
        np.subtract(outputs, targets, out=out)

    @staticmethod
    def best_constant(targets):
        return targets.mean(axis=0)

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
    def best_constant(targets):
        return np.log(np.maximum(targets.mean(axis=0), rarest(targets)))

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
    def best_constant(targets):
        share = np.clip(targets.mean(axis=0), rarest(targets), 1 - rarest(targets))
        return np.log(share / (1 - share))

    @staticmethod
    def linked(outputs):
        return one_output_sigmoid(outputs)


def over_outputs(values: np.ndarray) -> np.ndarray:
    """The sum over the last axis of (…, n), as a product with ones: three times faster for few outputs."""
    return np.matmul(values, np.ones(values.shape[-1]))


def rarest(targets: np.ndarray) -> float:
    """The frequency assumed for a class that none of the targets (N, n) has: half an example, so that errors are finite
    if it occurs in others.
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
