"""Optimizers: how a gradient changes the parameters (Magyar 2024, §3.2 and §3.4).

Every optimizer works on rows of the pack's buffers: `parameters`, `gradient`, `scratch` and each of `slots` are (k, P).
Numeric settings are passed as arrays (k, 1), or (1, 1) if all members have the same value. Slots start at 0 and are the
whole state of an optimizer.

Instead of the average of the literature, v ← βv + (1 − β)g, a slot holds the sum s = v/(1 − β), s ← βs + g. This saves
a pass over whole rows; the factor 1 − β goes into the small arrays of settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from fitgap.core.kernels.fused_pass import Formula
from fitgap.core.optimizer_formulas import (
    descent,
    descent_by_moments,
    descent_by_moments_of_notes,
    descent_by_squares,
    descent_by_velocity,
    descent_one_step_ahead,
)
from fitgap.core.variants import Variant, parameter


def clipping() -> Any:
    """The parameter that limits the gradient of a step."""
    return parameter(
        0.0, at_least=0, later=True, description="largest norm of a network's gradient, to which it is scaled; 0: none"
    )


@dataclass(frozen=True)
class Optimizer(Variant):
    """Base of the optimizers. `descends` is false for one that needs no derivative of the activation functions.

    A step is written twice, with the same bits: `update` is the reference in NumPy; `formula` is compiled.
    """

    slot_count: ClassVar[int] = 0
    descends: ClassVar[bool] = True
    rate = 0.0
    clip = 0.0

    @classmethod
    def number_names(cls):
        # A step does not use it: gradients are clipped before.
        return tuple(name for name in super().number_names() if name != "clip")

    def step(
        self,
        parameters: np.ndarray,
        gradient: np.ndarray,
        slots: Sequence[np.ndarray],
        scratch: np.ndarray,
        step_number: int,
        rate: np.ndarray,
        **numbers: np.ndarray,
    ) -> None:
        """Change `parameters` in place; `step_number` counts from 1.

        `gradient` and `scratch` may be overwritten. `rate` is the learning rate of this epoch.
        """
        self.update(parameters, gradient, slots, scratch, **self.step_numbers(step_number, rate, **numbers))

    def step_numbers(self, step_number: int, rate: np.ndarray, **numbers: np.ndarray) -> dict[str, np.ndarray]:
        """What `update` needs of the settings in this step, as arrays (k, 1) or (1, 1).

        Use only non-numeric parameters of `self`, which represents all members of its kind.
        """
        return {"rate": rate, **numbers}

    def update(
        self,
        parameters: np.ndarray,
        gradient: np.ndarray,
        slots: Sequence[np.ndarray],
        scratch: np.ndarray,
        **step_numbers: np.ndarray,
    ) -> None:
        """Change `parameters` and `slots` in place."""
        raise NotImplementedError

    def formula(self) -> Formula | None:
        """`update` as the formula of a compiled pass over `parameters`, `gradient`, `slot_1`, … and the step's numbers;
        None if there is none, so that every step is computed with NumPy.
        """
        return None

    @property
    def corrects_bias(self) -> bool:
        """Whether the numbers of a step depend on how many there were before."""
        return False

    def kept(self, rate: np.ndarray, **numbers: np.ndarray) -> np.ndarray | None:
        """By what the weights are multiplied before the step, if the optimizer has decoupled weight decay."""
        return None

    def decay(self, weights: np.ndarray, rate: np.ndarray, **numbers: np.ndarray) -> None:
        """Multiply the weights (k, n_w) by `kept`; called before `step`."""
        kept = self.kept(rate, **numbers)
        if kept is not None:
            weights *= kept


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
class Momentum(Optimizer):
    """v ← βv + (1 − β)∇C; w ← w − αv (Magyar 2024, Alg. 20): averages gradients; its steps are no longer.

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
    """v ← βv + ∇C; w ← w − αv (Polyak 1964): momentum as in other libraries, with up to 1/(1 − β) times as long steps.

    With α/(1 − β) for α, momentum does the same.
    """

    def step_numbers(self, step_number, rate, beta):
        return {"beta": beta, "length": rate}


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v ← βv + (1 − β)∇C; w ← w − α(βv + (1 − β)∇C): momentum that looks one step ahead (Sutskever et al. 2013)."""

    slot_count = 1
    rate: float = parameter(0.01, above=0, headline=True, description="learning rate α")
    beta: float = parameter(0.9, at_least=0, below=1, description="share β kept of the previous direction")
    clip: float = clipping()

    def step_numbers(self, step_number, rate, beta):
        return {"beta": beta, "length": rate * (1 - beta)}

    def update(self, parameters, gradient, slots, scratch, beta, length):
        (velocity,) = slots
        accumulate(velocity, gradient, beta)
        np.multiply(velocity, beta, out=scratch)
        scratch += gradient
        scratch *= length
        parameters -= scratch

    def formula(self):
        return descent_one_step_ahead


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

    The form `notes` is Magyar 2024, Alg. 23 with two corrections: no bias correction, ε inside the root. As printed,
    the moment forgets the previous gradient, and the last line assigns to the gradient instead of the weights.
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


@dataclass(frozen=True)
class PerceptronRule(Optimizer):
    """w ← w − α(a − y)x for a network without hidden layers whose outputs are threshold or sign (Rosenblatt 1958).

    This is gradient descent on the half squared error, with the activation's derivative of 0 replaced by 1.
    """

    descends = False
    rate: float = parameter(1.0, above=0, headline=True, description="learning rate α")
    clip: float = clipping()

    def update(self, parameters, gradient, slots, scratch, rate):
        np.multiply(gradient, rate, out=scratch)
        parameters -= scratch

    def formula(self):
        return descent


@dataclass(frozen=True)
class Fixed(Optimizer):
    """Keeps the initial weights: the network is only evaluated."""

    descends = False

    def update(self, parameters, gradient, slots, scratch, rate):
        pass


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "heavy_ball": HeavyBall,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
    "perceptron": PerceptronRule,
    "fixed": Fixed,
}


def accumulate(total: np.ndarray, gradient: np.ndarray, beta: np.ndarray) -> None:
    """s ← βs + g, in place."""
    total *= beta
    total += gradient


def accumulate_squares(total: np.ndarray, gradient: np.ndarray, beta: np.ndarray, scratch: np.ndarray) -> None:
    """s ← βs + g², in place."""
    np.multiply(gradient, gradient, out=scratch)
    total *= beta
    total += scratch


def step_by_velocity(
    parameters: np.ndarray,
    gradient: np.ndarray,
    slots: Sequence[np.ndarray],
    scratch: np.ndarray,
    beta: np.ndarray,
    length: np.ndarray,
) -> None:
    """v ← βv + g; w ← w − length·v."""
    (velocity,) = slots
    accumulate(velocity, gradient, beta)
    np.multiply(velocity, length, out=scratch)
    parameters -= scratch


def step_by_moments(
    parameters: np.ndarray,
    gradient: np.ndarray,
    slots: Sequence[np.ndarray],
    scratch: np.ndarray,
    beta_1: np.ndarray,
    beta_2: np.ndarray,
    length: np.ndarray,
    inside: np.ndarray | None = None,
    outside: np.ndarray | None = None,
) -> None:
    """w ← w − length·m/(√(s + inside) + outside), after adding the gradient to both sums."""
    mean, squares = slots
    accumulate(mean, gradient, beta_1)
    accumulate_squares(squares, gradient, beta_2, scratch)
    if inside is None:
        np.sqrt(squares, out=scratch)
    else:
        np.add(squares, inside, out=scratch)
        np.sqrt(scratch, out=scratch)
    if outside is not None:
        scratch += outside
    np.divide(mean, scratch, out=scratch)
    scratch *= length
    parameters -= scratch


def bias_corrected(
    step_number: int, rate: np.ndarray, beta_1: np.ndarray, beta_2: np.ndarray, epsilon: np.ndarray
) -> dict[str, np.ndarray]:
    """Step length and ε (`outside`) for the sums in the slots, with the bias corrections cᵢ = 1 − βᵢᵗ.

    With m = (1 − β₁)M and v = (1 − β₂)S, α(m/c₁)/(√(v/c₂) + ε) is the length α(1 − β₁)/c₁·√(c₂/(1 − β₂)) times
    M/(√S + ε√(c₂/(1 − β₂))). Computed in float64 on arrays (k, 1), so that the corrections lose no digits.
    """
    beta_1, beta_2 = beta_1.astype(np.float64), beta_2.astype(np.float64)
    root = np.sqrt((1 - beta_2**step_number) / (1 - beta_2))
    length = rate * (1 - beta_1) / (1 - beta_1**step_number) * root
    return {"length": length.astype(rate.dtype), "outside": (epsilon * root).astype(rate.dtype)}
