"""Rectifiers: activation functions that equal x for x > 0 and have a kink at 0 (Magyar 2024, §2.1.1)."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation, learnable
from fitgap.core.kernels.expressions import negative_part, positive_part, where_greater
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, x), with derivative 0 at 0 (Magyar 2024, §2.1.1.4)."""

    @staticmethod
    def value(x, out):
        # The maximum of two arrays is five times faster in NumPy than that of an array and a scalar.
        out.fill(0)
        np.maximum(x, out, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.greater(a, 0, out=out)

    @staticmethod
    def value_formula(x):
        return positive_part(x)

    @staticmethod
    def derivative_formula(x, a):
        return where_greater(a, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class PReLU(Activation):
    """x for x > 0, else βx, with derivative β at 0; leaky ReLU if β is small (Magyar 2024, §2.1.1.5)."""

    beta: float = parameter(0.01, headline=True, description="slope β left of 0")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        # max(0, x) + β·min(0, x): one term is always 0, so no masked operation is needed.
        out.fill(0)
        left = np.minimum(x, out)
        left *= beta
        np.maximum(x, out, out=out)
        out += left

    @staticmethod
    def derivative(x, a, out, beta):
        np.greater(x, 0, out=out)
        left = 1 - out
        left *= beta
        out += left

    @staticmethod
    def value_formula(x, beta):
        return positive_part(x) + negative_part(x) * beta

    @staticmethod
    def derivative_formula(x, a, beta):
        right = where_greater(x, 0.0, 1.0, 0.0)
        return right + (1.0 - right) * beta

    @staticmethod
    def by_parameter(x, a, beta):
        return {"beta": np.minimum(x, 0)}


@dataclass(frozen=True)
class ELU(Activation):
    """x for x > 0, else β(eˣ − 1), with derivative β at 0 (Magyar 2024, §2.1.1.7)."""

    beta: float = parameter(1.0, at_least=0, description="limit −β far left of 0")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        positive = x > 0
        np.minimum(x, 0, out=out)
        np.expm1(out, out=out)
        out *= beta
        np.copyto(out, x, where=positive)

    @staticmethod
    def derivative(x, a, out, beta):
        positive = x > 0
        np.add(a, beta, out=out)
        np.copyto(out, 1, where=positive)

    @staticmethod
    def derivative_formula(x, a, beta):
        return where_greater(x, 0.0, 1.0, a + beta)

    @staticmethod
    def by_parameter(x, a, beta):
        return {"beta": np.expm1(np.minimum(x, 0))}
