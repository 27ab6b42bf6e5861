"""Piecewise linear activation functions other than rectifiers: identity, threshold, sign (Magyar 2024, §2.1.1)."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation
from fitgap.core.kernels.expressions import expression, where_greater


@dataclass(frozen=True)
class Identity(Activation):
    """x (Magyar 2024, A.10)."""

    @staticmethod
    def value(x, out):
        np.copyto(out, x)

    @staticmethod
    def derivative(x, a, out):
        out.fill(1)

    @staticmethod
    def value_formula(x):
        return x

    @staticmethod
    def derivative_formula(x, a):
        return expression(1.0)


@dataclass(frozen=True)
class Threshold(Activation):
    """1 for x > 0, else 0 (Magyar 2024, §2.1.1.1); its derivative is 0 almost everywhere."""

    differentiable = False

    @staticmethod
    def value(x, out):
        np.greater(x, 0, out=out)

    @staticmethod
    def derivative(x, a, out):
        out.fill(0)

    @staticmethod
    def value_formula(x):
        return where_greater(x, 0.0, 1.0, 0.0)

    @staticmethod
    def derivative_formula(x, a):
        return expression(0.0)


@dataclass(frozen=True)
class Sign(Activation):
    """1 for x > 0, else −1 (Magyar 2024, §2.1.1.2); its derivative is 0 almost everywhere."""

    differentiable = False

    @staticmethod
    def value(x, out):
        np.greater(x, 0, out=out)
        out *= 2
        out -= 1

    @staticmethod
    def derivative(x, a, out):
        out.fill(0)

    @staticmethod
    def value_formula(x):
        return where_greater(x, 0.0, 1.0, -1.0)

    @staticmethod
    def derivative_formula(x, a):
        return expression(0.0)
