"""Losses: the error of one example, and its gradient by the outputs of the network."""

from dataclasses import dataclass

import numpy as np

from core.variants import Variant


@dataclass(frozen=True)
class Loss(Variant):
    """Base of the losses. Neither function sums or averages over examples: that is the caller's, and visible there."""

    @staticmethod
    def errors(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The error of each example (…, B) in float64, from outputs and targets (…, B, n)."""
        raise NotImplementedError

    @staticmethod
    def gradient(outputs: np.ndarray, targets: np.ndarray, out: np.ndarray) -> None:
        """Write the derivative of each example's error by its outputs into `out` (…, B, n)."""
        raise NotImplementedError


@dataclass(frozen=True)
class HalfSquaredError(Loss):
    """½‖a − y‖² (Magyar 2024, Eq. 5): half the sum over the outputs, so that the derivative is a − y (Eq. 13)."""

    @staticmethod
    def errors(outputs, targets):
        difference = np.subtract(outputs, targets, dtype=np.float64)
        difference *= difference
        return 0.5 * difference.sum(axis=-1)

    @staticmethod
    def gradient(outputs, targets, out):
        # a − y, not y − a: Alg. 7 prints the sign that climbs the error.
        np.subtract(outputs, targets, out=out)


LOSSES: dict[str, type[Loss]] = {"half_squared_error": HalfSquaredError}
