"""Momentum: optimizers that continue in the direction of earlier steps."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.optimizers.formulas import descent_by_velocity, descent_one_step_ahead
from fitgap.core.optimizers.optimizer import Optimizer, clipping
from fitgap.core.optimizers.steps import accumulate, step_by_velocity
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v ← βv + (1 − β)∇C; w ← w − αv (Magyar 2024, Alg. 20): averages gradients without lengthening the steps.

    For longer steps, as with momentum in other libraries, use heavy_ball.
    """

    slot_count = 1
    rate: float = parameter(0.01, above=0, headline=True, description="learning rate α")
    beta: float = parameter(0.9, at_least=0, below=1, description="share β kept of the previous direction")
    clip: float = clipping()

    def step_numbers(self, step_number, rate, beta):
        return {"beta": beta, "length": rate * (1 - beta)}

    def update(self, parameters, gradient, slots, scratch, beta, length):
        step_by_velocity(parameters, gradient, slots, scratch, beta, length)

    def formula(self):
        return descent_by_velocity


@dataclass(frozen=True)
class HeavyBall(Momentum):
    """v ← βv + ∇C; w ← w − αv (Polyak 1964): momentum as in other libraries, with steps up to 1/(1 − β) times as long.

    The optimizer momentum with the rate α/(1 − β) does the same.
    """

    def step_numbers(self, step_number, rate, beta):
        return {"beta": beta, "length": rate}


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v ← βv + (1 − β)∇C; w ← w − α(βv + (1 − β)∇C): momentum that looks one step ahead (Sutskever et al. 2013)."""

    def update(self, parameters, gradient, slots, scratch, beta, length):
        (velocity,) = slots
        accumulate(velocity, gradient, beta)
        np.multiply(velocity, beta, out=scratch)
        scratch += gradient
        scratch *= length
        parameters -= scratch

    def formula(self):
        return descent_one_step_ahead
