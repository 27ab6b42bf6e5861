"""Activation functions f and their derivatives f′, on stacks of members (Magyar 2024, §2.1.1).

Every function works elementwise on `x` (k, B, n), the pre-activations of k neighbouring members of one kind, and writes
into `out` of the same shape. Parameters such as β arrive as arrays (k, 1, 1), so each member has its own.
"""

from dataclasses import dataclass

import numpy as np

from core.variants import Variant, parameter


@dataclass(frozen=True)
class Activation(Variant):
    """Base of the activation functions."""

    @staticmethod
    def value(x: np.ndarray, out: np.ndarray, **parameters: np.ndarray) -> None:
        """Write f(x) into `out`."""
        raise NotImplementedError

    @staticmethod
    def derivative(x: np.ndarray, a: np.ndarray, out: np.ndarray, **parameters: np.ndarray) -> None:
        """Write f′(x) into `out`, which may be `x` itself; `a` is f(x)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Identity(Activation):
    """x (Magyar 2024, A.10)."""

    @staticmethod
    def value(x, out):
        np.copyto(out, x)

    @staticmethod
    def derivative(x, a, out):
        out.fill(1)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """γ/(1 + e^(−βx)), the logistic curve (Magyar 2024, §2.1.1.3)."""

    beta: float = parameter(1.0, description="steepness β")
    gamma: float = parameter(1.0, above=0, description="upper limit γ")

    @staticmethod
    def value(x, out, beta, gamma):
        # γ/2·(1 + tanh(βx/2)) is the same function and cannot overflow.
        np.multiply(x, beta / 2, out=out)
        np.tanh(out, out=out)
        out += 1
        out *= gamma / 2

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        np.divide(a, -gamma, out=out)
        out += 1
        out *= a
        out *= beta


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent (Magyar 2024, §2.1.1.9)."""

    @staticmethod
    def value(x, out):
        np.tanh(x, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)


@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, x), with derivative 0 at 0 (Magyar 2024, §2.1.1.4)."""

    @staticmethod
    def value(x, out):
        np.maximum(x, 0, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.sign(a, out=out)


@dataclass(frozen=True)
class PReLU(Activation):
    """x where x > 0, else βx, with derivative β at 0; also known as leaky ReLU (Magyar 2024, §2.1.1.5)."""

    beta: float = parameter(0.01, headline=True, description="slope β left of 0")

    @staticmethod
    def value(x, out, beta):
        np.multiply(x, beta, out=out)
        np.copyto(out, x, where=x > 0)

    @staticmethod
    def derivative(x, a, out, beta):
        positive = x > 0
        out[...] = beta
        np.copyto(out, 1, where=positive)


ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "prelu": PReLU,
}
