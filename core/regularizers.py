"""Regularizers: penalties on the weights, and dropout (Magyar 2024, §3.3.2), on the whole network or its input layer.

A penalty is added once per step to the mean gradient of the batch, so that its weight λ means the same for every batch
size (Alg. 12 adds it once per example). Biases are not penalized by default.
"""

from dataclasses import dataclass

import numpy as np
from fitgap.core.kernels.expressions import Expression, sign
from fitgap.core.variants import Variant, parameter


@dataclass(frozen=True)
class Regularizer(Variant):
    """Base of the regularizers."""


@dataclass(frozen=True)
class Penalty(Regularizer):
    """A regularizer that adds the gradient of λ·R(w) to the gradient of the error."""

    weight: float = parameter(at_least=0, headline=True, description="weight λ of the penalty")
    scope: str = parameter("network", choices=("network", "input"), description="all layers, or only the first")
    biases: bool = parameter(False, flag=True, description="whether biases are penalized too")

    @staticmethod
    def penalty(weights: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """λ·R of each member (k,), from weights (k, n_w) and λ (k, 1)."""
        raise NotImplementedError

    @staticmethod
    def add_gradient(weights: np.ndarray, gradient: np.ndarray, scratch: np.ndarray, weight: np.ndarray) -> None:
        """Add λ·∇R to `gradient`; all arrays (k, n_w), λ (k, 1)."""
        raise NotImplementedError

    @staticmethod
    def formula(weights: Expression, gradient: Expression, weight: Expression) -> dict[str, Expression]:
        """`add_gradient` as the formula of a compiled pass, with the same bits."""
        raise NotImplementedError


@dataclass(frozen=True)
class L1(Penalty):
    """λ·Σ|w|, with |0|′ = 0 (Magyar 2024, Eq. 25 to 27, Alg. 13)."""

    @staticmethod
    def penalty(weights, weight):
        return (weight * np.abs(weights)).sum(axis=1)

    @staticmethod
    def add_gradient(weights, gradient, scratch, weight):
        np.sign(weights, out=scratch)
        scratch *= weight
        gradient += scratch

    @staticmethod
    def formula(weights, gradient, weight):
        return {"gradient": gradient + sign(weights) * weight}


@dataclass(frozen=True)
class L2(Penalty):
    """λ·½·Σw² (Magyar 2024, Eq. 28, Alg. 14)."""

    @staticmethod
    def penalty(weights, weight):
        return (weight * weights**2).sum(axis=1) / 2

    @staticmethod
    def add_gradient(weights, gradient, scratch, weight):
        np.multiply(weights, weight, out=scratch)
        gradient += scratch

    @staticmethod
    def formula(weights, gradient, weight):
        return {"gradient": gradient + weights * weight}


@dataclass(frozen=True)
class Dropout(Regularizer):
    """Sets inputs and hidden units to 0 with probability δ in training, scales the rest by 1/(1 − δ) (Alg. 15 to 19).

    The output layer is never dropped (Alg. 16 as printed multiplies it by r).
    """

    ratio: float = parameter(at_least=0, below=1, headline=True, description="share δ that is dropped")
    scope: str = parameter(
        "network", choices=("network", "input", "hidden"), description="inputs and hidden units, or only one of them"
    )

    def reaches(self, layer: int) -> bool:
        """Whether units of layer 0 (the inputs), 1, … are dropped."""
        return self.scope == "network" or (self.scope == "input") == (layer == 0)

    @staticmethod
    def mask(uniform: np.ndarray, out: np.ndarray, ratio: np.ndarray) -> None:
        """Write r into `out`: 0 where `uniform`, drawn from [0, 1), is below δ, else 1/(1 − δ).

        Arrays (k, B, n), δ (k, 1, 1).
        """
        np.greater_equal(uniform, ratio, out=out)
        out *= 1 / (1 - ratio)


REGULARIZERS: dict[str, type[Regularizer]] = {"l1": L1, "l2": L2, "dropout": Dropout}
PENALTIES: tuple[type[Penalty], ...] = tuple(kind for kind in REGULARIZERS.values() if issubclass(kind, Penalty))
