"""The floor: errors of the best constant prediction. A network that does no better has learned nothing useful."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.fit_evidence import sample_size, side_by_side
from fitgap.core.losses import Loss
from fitgap.core.repeats import TRAINING_SIDE, VALIDATION_SIDE, sample_of


@dataclass(frozen=True)
class Floor:
    """Mean errors of the constant over all training and validation examples of a repeat, and its errors on the sampled
    examples (2, n) in float32, padded with NaN.
    """

    e_t: float
    e_v: float
    sample: np.ndarray


def floor_of(
    targets: Sequence[np.ndarray],
    loss: Loss,
    *,
    seed: int,
    repeat: int,
    measured_examples: int | None,
    weights: Sequence[np.ndarray | None] = (None, None),
) -> Floor:
    """The floor of a repeat, from its encoded targets (N, n_L) of both sides, and the weights (N,) of these examples.

    The constant is the best for the training examples: their mean or, for a cross entropy, their class frequencies.
    """
    constant = loss.best_constant(targets[TRAINING_SIDE].astype(np.float64), weights[TRAINING_SIDE])
    sides = [loss.errors(np.full(each.shape, constant), each.astype(np.float64)) for each in targets]
    sides = [each if own is None else each * own for each, own in zip(sides, weights, strict=True)]
    wanted = sample_size(measured_examples)
    rows = [sample_of(seed, repeat, side, len(each), wanted) for side, each in enumerate(sides)]
    sample = side_by_side([each[np.newaxis, chosen] for each, chosen in zip(sides, rows, strict=True)])[0]
    return Floor(float(sides[TRAINING_SIDE].mean()), float(sides[VALIDATION_SIDE].mean()), sample)
