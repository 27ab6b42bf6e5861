"""Compiled passes of the steps of a recurrent layer: one bound pass for each step."""

from collections.abc import Callable, Mapping

import numpy as np
from fitgap.core.kernels.binding import BoundPass, bind
from fitgap.core.kernels.fused_pass import Formula


def bind_steps(
    formula: Formula, operands: Callable[[int], Mapping[str, np.ndarray]], written: str, steps: int
) -> list[BoundPass]:
    """The pass of every step, from its operands (K, B, n); an empty list if machine code is not available now."""
    passes: list[BoundPass] = []
    for step in range(steps):
        bound = bind(formula, operands(step), written)
        if bound is None:
            return []
        passes.append(bound)
    return passes
