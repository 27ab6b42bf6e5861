"""Optimizers: how a gradient changes the parameters (Magyar 2024, §3.2 and §3.4).

Every optimizer works on rows of the pack's buffers: `parameters`, `gradient`, `scratch` and each of `slots` are (k,
P), the numbers of the members arrive as arrays (k, 1). Slots start at 0 and are all that an optimizer remembers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.variants import Variant, parameter


@dataclass(frozen=True)
class Optimizer(Variant):
    """Base of the optimizers."""

    slot_count: ClassVar[int] = 0

    rate: float = parameter(0.01, above=0, headline=True, description="learning rate α")

    @staticmethod
    def step(
        parameters: np.ndarray,
        gradient: np.ndarray,
        slots: Sequence[np.ndarray],
        scratch: np.ndarray,
        step_number: int,
        rate: np.ndarray,
        **numbers: np.ndarray,
    ) -> None:
        """Change `parameters` in place; `step_number` counts from 1. `gradient` and `scratch` may be overwritten."""
        raise NotImplementedError


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """w ← w − α∇C (Magyar 2024, Alg. 9), ∇C being the mean over the batch."""

    @staticmethod
    def step(parameters, gradient, slots, scratch, step_number, rate):
        np.multiply(gradient, rate, out=scratch)
        parameters -= scratch


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← βv + (1 − β)∇C; w ← w − αv (Magyar 2024, Alg. 20)."""

    slot_count = 1
    beta: float = parameter(0.9, at_least=0, below=1, description="share β kept of the previous direction")

    @staticmethod
    def step(parameters, gradient, slots, scratch, step_number, rate, beta):
        (velocity,) = slots
        moving_average(velocity, gradient, beta, scratch)
        np.multiply(velocity, rate, out=scratch)
        parameters -= scratch


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """S ← βS + (1 − β)∇C²; w ← w − α∇C/√(S + ε) (Magyar 2024, Alg. 22)."""

    slot_count = 1
    rate: float = parameter(0.001, above=0, headline=True, description="learning rate α")
    beta: float = parameter(0.9, at_least=0, below=1, description="decay rate β")
    epsilon: float = parameter(1e-8, above=0, description="ε inside the root")

    @staticmethod
    def step(parameters, gradient, slots, scratch, step_number, rate, beta, epsilon):
        (squares,) = slots
        moving_square(squares, gradient, beta, scratch)
        np.add(squares, epsilon, out=scratch)
        np.sqrt(scratch, out=scratch)
        np.divide(gradient, scratch, out=scratch)
        scratch *= rate
        parameters -= scratch


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moments with bias correction and ε outside the root (Kingma & Ba 2015, Alg. 1).

    Magyar 2024, Alg. 23 has neither, and forgets the previous gradient in the moment.
    """

    slot_count = 2
    rate: float = parameter(0.001, above=0, headline=True, description="learning rate α")
    beta_1: float = parameter(0.9, at_least=0, below=1, description="decay rate β₁ of the mean")
    beta_2: float = parameter(0.999, at_least=0, below=1, description="decay rate β₂ of the mean square")
    epsilon: float = parameter(1e-8, above=0, description="ε outside the root")

    @staticmethod
    def step(parameters, gradient, slots, scratch, step_number, rate, beta_1, beta_2, epsilon):
        mean, squares = slots
        moving_average(mean, gradient, beta_1, scratch)
        moving_square(squares, gradient, beta_2, scratch)
        # α·(m/c₁)/(√(v/c₂) + ε) with both corrections moved into small arrays: α√c₂/c₁ · m/(√v + ε√c₂).
        root = np.sqrt(1 - beta_2.astype(np.float64) ** step_number)
        length = rate * root / (1 - beta_1.astype(np.float64) ** step_number)
        np.sqrt(squares, out=scratch)
        scratch += (epsilon * root).astype(scratch.dtype)
        np.divide(mean, scratch, out=scratch)
        scratch *= length.astype(scratch.dtype)
        parameters -= scratch


def moving_average(average: np.ndarray, gradient: np.ndarray, beta: np.ndarray, scratch: np.ndarray) -> None:
    """average ← β·average + (1 − β)·gradient, in place."""
    average *= beta
    np.multiply(gradient, 1 - beta, out=scratch)
    average += scratch


def moving_square(average: np.ndarray, gradient: np.ndarray, beta: np.ndarray, scratch: np.ndarray) -> None:
    """average ← β·average + (1 − β)·gradient², in place."""
    average *= beta
    np.multiply(gradient, gradient, out=scratch)
    scratch *= 1 - beta
    average += scratch


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "rmsprop": RMSProp,
    "adam": Adam,
}
