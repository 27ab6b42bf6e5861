"""Gradient clipping: each member's gradient is scaled down to a maximum norm (Pascanu et al. 2013)."""

import numpy as np


def clip_rows(gradient: np.ndarray, largest: float, parameter_count: int) -> None:
    """Scale the rows of a gradient (k, P) whose Euclidean norm is above `largest`; the others keep their bits."""
    norms = norms_of(gradient, parameter_count)
    # Exactly 1 up to the maximum norm; NaN if a member has diverged.
    factors = largest / np.maximum(norms, largest)
    gradient *= factors[:, np.newaxis].astype(gradient.dtype)


def norms_of(gradient: np.ndarray, parameter_count: int) -> np.ndarray:
    """The norm (k,) of every row in float64.

    The columns after the weights and biases hold β and γ. They are added one by one, because their positions depend on
    the other members of the pack. Columns that a member does not use are 0 and change no bit.
    """
    parameters = gradient[:, :parameter_count].astype(np.float64)
    parameters *= parameters
    squares = parameters.sum(axis=1)
    for column in range(parameter_count, gradient.shape[1]):
        squares += gradient[:, column].astype(np.float64) ** 2
    return np.sqrt(squares)
