"""Optimizers without memory of earlier steps."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.optimizers.formulas import descent
from fitgap.core.optimizers.optimizer import Optimizer, clipping
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """w ← w − α∇C, where ∇C is the mean over the batch (Magyar 2024, Alg. 9)."""

    rate: float = parameter(0.01, above=0, headline=True, description="learning rate α")
    clip: float = clipping()

    def update(self, parameters, gradient, slots, scratch, rate):
        np.multiply(gradient, rate, out=scratch)
        parameters -= scratch

    def formula(self):
        return descent


@dataclass(frozen=True)
class PerceptronRule(GradientDescent):
    """w ← w − α(a − y)x, for a network without hidden layers and with threshold or sign outputs (Rosenblatt 1958).

    This is gradient descent on the half squared error, with the activation's derivative of 0 replaced by 1.
    """

    descends = False
    rate: float = parameter(1.0, above=0, headline=True, description="learning rate α")


@dataclass(frozen=True)
class Fixed(Optimizer):
    """Keeps the initial weights: the network is only evaluated."""

    descends = False

    def update(self, parameters, gradient, slots, scratch, rate):
        pass
