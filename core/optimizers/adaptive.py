"""Adaptive optimizers: past gradients of each parameter determine the length of its steps."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.optimizers.formulas import descent_by_moments, descent_by_moments_of_notes, descent_by_squares
from fitgap.core.optimizers.optimizer import Optimizer, clipping
from fitgap.core.optimizers.steps import accumulate_squares, bias_corrected, step_by_moments
from fitgap.core.variants import parameter


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """S ← βS + (1 − β)∇C²; w ← w − α∇C/√(S + ε) (Magyar 2024, Alg. 22)."""

    slot_count = 1
    rate: float = parameter(0.001, above=0, headline=True, description="learning rate α")
    beta: float = parameter(0.9, at_least=0, below=1, description="decay rate β")
    epsilon: float = parameter(1e-8, above=0, description="ε inside the root")
    clip: float = clipping()

    def step_numbers(self, step_number, rate, beta, epsilon):
        # α∇C/√((1 − β)s + ε) = α/√(1 − β) · ∇C/√(s + ε/(1 − β))
        return {"beta": beta, "inside": epsilon / (1 - beta), "length": rate / np.sqrt(1 - beta)}

    def update(self, parameters, gradient, slots, scratch, beta, inside, length):
        (squares,) = slots
        accumulate_squares(squares, gradient, beta, scratch)
        np.add(squares, inside, out=scratch)
        np.sqrt(scratch, out=scratch)
        np.divide(gradient, scratch, out=scratch)
        scratch *= length
        parameters -= scratch

    def formula(self):
        return descent_by_squares


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moments with bias correction and ε outside the root (Kingma & Ba 2015, Alg. 1).

    The form `notes` is Magyar 2024, Alg. 23: no bias correction, ε inside the root. Two errors are corrected: as
    printed, the moment forgets the previous gradient, and the last line assigns to the gradient instead of the weights.
    """

    slot_count = 2
    rate: float = parameter(0.001, above=0, headline=True, description="learning rate α")
    beta_1: float = parameter(0.9, at_least=0, below=1, description="decay rate β₁ of the mean")
    beta_2: float = parameter(0.999, at_least=0, below=1, description="decay rate β₂ of the mean square")
    epsilon: float = parameter(1e-8, above=0, description="ε; inside the root with form=notes, else outside")
    form: str = parameter(
        "kingma_ba", choices=("kingma_ba", "notes"), description="notes: without bias correction (Magyar 2024)"
    )
    clip: float = clipping()

    def step_numbers(self, step_number, rate, beta_1, beta_2, epsilon):
        if self.form == "notes":
            # α(1 − β₁)m/√((1 − β₂)s + ε), where m and s are the sums in the slots.
            numbers = {"length": rate * (1 - beta_1) / np.sqrt(1 - beta_2), "inside": epsilon / (1 - beta_2)}
        else:
            numbers = bias_corrected(step_number, rate, beta_1, beta_2, epsilon)
        return {"beta_1": beta_1, "beta_2": beta_2, **numbers}

    @property
    def corrects_bias(self):
        return self.form != "notes"

    def update(self, parameters, gradient, slots, scratch, **step_numbers):
        step_by_moments(parameters, gradient, slots, scratch, **step_numbers)

    def formula(self):
        return descent_by_moments_of_notes if self.form == "notes" else descent_by_moments


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: every step also shrinks the weights by αλw (Loshchilov & Hutter 2019)."""

    slot_count = 2
    rate: float = parameter(0.001, above=0, headline=True, description="learning rate α")
    weight_decay: float = parameter(0.01, at_least=0, headline=True, description="decay λ of weights, not of biases")
    beta_1: float = parameter(0.9, at_least=0, below=1, description="decay rate β₁ of the mean")
    beta_2: float = parameter(0.999, at_least=0, below=1, description="decay rate β₂ of the mean square")
    epsilon: float = parameter(1e-8, above=0, description="ε outside the root")
    clip: float = clipping()

    def step_numbers(self, step_number, rate, weight_decay, beta_1, beta_2, epsilon):
        return {"beta_1": beta_1, "beta_2": beta_2, **bias_corrected(step_number, rate, beta_1, beta_2, epsilon)}

    @property
    def corrects_bias(self):
        return True

    def update(self, parameters, gradient, slots, scratch, **step_numbers):
        step_by_moments(parameters, gradient, slots, scratch, **step_numbers)

    def formula(self):
        return descent_by_moments

    def kept(self, rate, weight_decay, **numbers):
        return 1 - rate * weight_decay
