"""What comes out of training: the numbers of an epoch, and signs of life from long ones."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EpochResults:
    """One epoch of the members still in the pack: arrays (k,), `members` holding their numbers in the order given.

    Errors are float64. `diverged` marks members with an error that is not finite, `finished` those that have trained
    all their epochs or were stopped, for which `stopped_because` has the reason; either leaves the pack.
    """

    members: np.ndarray
    epoch: int
    e_t: np.ndarray
    e_v: np.ndarray
    e_t_running: np.ndarray
    se_t: np.ndarray
    se_v: np.ndarray
    accuracy_t: np.ndarray
    accuracy_v: np.ndarray
    learning_rate: np.ndarray
    diverged: np.ndarray
    finished: np.ndarray
    stopped_because: tuple[str | None, ...]


@dataclass(frozen=True)
class EpochPart:
    """A sign of life from a long epoch: which share of its training examples the members have seen."""

    members: np.ndarray
    share: float
