"""Smooth rectifiers: activation functions that approach ReLU far from 0 and have no kink (Magyar 2024, §2.1.1)."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation, learnable
from fitgap.core.activations.exponentials import log_one_plus_exp, logistic, softplus_by_beta, squared_sech
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class SiLU(Activation):
    """x·σ(x), also known as swish (Magyar 2024, §2.1.1.6, with the derivative corrected)."""

    beta: float = parameter(1.0, description="steepness β of σ")
    gamma: float = parameter(1.0, description="upper limit γ of σ")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma
        out *= x

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        # γu + βx·γu(1 − u) with u = σ/γ; the printed formula lacks β and has x outside the bracket.
        u = logistic(x, beta)
        np.multiply(x, beta, out=out)
        out *= 1 - u
        out += 1
        out *= u
        out *= gamma

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        u = logistic(x, beta)
        return {"beta": x * a * (1 - u), "gamma": x * u}


@dataclass(frozen=True)
class Softplus(Activation):
    """γ/β·ln(1 + e^(βx)), also known as SmoothReLU (Magyar 2024, §2.1.1.8)."""

    beta: float = parameter(1.0, above=0, description="sharpness β")
    gamma: float = parameter(1.0, description="slope γ far right of 0")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        log_one_plus_exp(x * beta, out)
        out *= gamma / beta

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        return {"beta": gamma * softplus_by_beta(x, beta), "gamma": log_one_plus_exp(x * beta) / beta}


@dataclass(frozen=True)
class Mish(Activation):
    """x·tanh(s) with s = ln(1 + exp(β·x))/β (Magyar 2024, §2.1.1.9)."""

    beta: float = parameter(1.0, above=0, description="sharpness β of softplus")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        bend = np.tanh(log_one_plus_exp(x * beta) / beta)
        np.multiply(x, bend, out=out)

    @staticmethod
    def derivative(x, a, out, beta):
        s = log_one_plus_exp(x * beta) / beta
        rest = x * logistic(x, beta) * squared_sech(s)
        np.add(np.tanh(s), rest, out=out)

    @staticmethod
    def by_parameter(x, a, beta):
        s = log_one_plus_exp(x * beta) / beta
        return {"beta": x * squared_sech(s) * softplus_by_beta(x, beta)}


@dataclass(frozen=True)
class Squareplus(Activation):
    """(x + √(x² + β))/2 (Magyar 2024, §2.1.1.10)."""

    beta: float = parameter(1.0, at_least=0, description="roundness β; 0 gives ReLU")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        # x + √(x² + β) cancels for x < 0; the equivalent max(0, x) + β/(2(√(x² + β) + |x|)) cancels nowhere.
        rest = np.sqrt(x * x + beta)
        rest += np.abs(x)
        rest *= 2
        # Makes the quotient 0, not NaN, if x and β are both 0.
        rest += np.finfo(x.dtype).tiny
        np.divide(beta, rest, out=rest)
        out.fill(0)
        np.maximum(x, out, out=out)
        out += rest

    @staticmethod
    def derivative(x, a, out, beta):
        root = np.sqrt(x * x + beta)
        slope = np.divide(x, root, out=np.zeros_like(root), where=root > 0)
        np.multiply(slope, 0.5, out=out)
        out += 0.5

    @staticmethod
    def by_parameter(x, a, beta):
        root = np.sqrt(x * x + beta)
        return {"beta": np.divide(0.25, root, out=np.zeros_like(root), where=root > 0)}
