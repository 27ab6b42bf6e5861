"""Base class of the optimizers: a step, implemented twice with bit-identical results, and optional weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from fitgap.core.kernels.fused_pass import Formula
from fitgap.core.variants import Variant, parameter


def clipping() -> Any:
    """The parameter that limits the norm of the gradient."""
    return parameter(
        0.0,
        at_least=0,
        later=True,
        description="largest norm of a network's gradient; a larger one is scaled down to it; 0: no limit",
    )


@dataclass(frozen=True)
class Optimizer(Variant):
    """Base class of the optimizers. `descends` is false for one that needs no derivative of the activation functions.

    A step is implemented twice, with bit-identical results: `update` is the reference in NumPy; `formula` is compiled.
    """

    slot_count: ClassVar[int] = 0
    descends: ClassVar[bool] = True
    rate = 0.0
    clip = 0.0

    @classmethod
    def number_names(cls):
        # Steps do not use `clip`: gradients are clipped before the step.
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
        """The numbers that `update` needs in this step, computed from the settings, as arrays (k, 1) or (1, 1).

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
        None if every step is computed with NumPy.
        """
        return None

    @property
    def corrects_bias(self) -> bool:
        """Whether the numbers of a step depend on the number of earlier steps."""
        return False

    def kept(self, rate: np.ndarray, **numbers: np.ndarray) -> np.ndarray | None:
        """The factor by which the weights are multiplied before the step; None without decoupled weight decay."""
        return None

    def decay(self, weights: np.ndarray, rate: np.ndarray, **numbers: np.ndarray) -> None:
        """Multiply the weights (k, n_w) by `kept`; called before `step`."""
        kept = self.kept(rate, **numbers)
        if kept is not None:
            weights *= kept
