"""Parts of steps that several optimizers share, in NumPy and in place."""

from collections.abc import Sequence

import numpy as np


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
