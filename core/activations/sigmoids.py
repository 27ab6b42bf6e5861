"""S-shaped activation functions: sigmoid and tanh (Magyar 2024, §2.1.1)."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation, learnable
from fitgap.core.activations.exponentials import logistic
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class Sigmoid(Activation):
    """γ/(1 + e^(−βx)), the logistic curve (Magyar 2024, §2.1.1.3)."""

    beta: float = parameter(1.0, description="steepness β")
    gamma: float = parameter(1.0, above=0, description="upper limit γ")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        np.divide(a, -gamma, out=out)
        out += 1
        out *= a
        out *= beta

    @staticmethod
    def derivative_formula(x, a, beta, gamma):
        return (a / -gamma + 1.0) * a * beta

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        return {"beta": x * a * (1 - a / gamma), "gamma": a / gamma}


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent (in mish, Magyar 2024, §2.1.1.9)."""

    @staticmethod
    def value(x, out):
        np.tanh(x, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)

    @staticmethod
    def derivative_formula(x, a):
        return 1.0 - a * a
