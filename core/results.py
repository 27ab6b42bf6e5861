"""Results of training: the numbers of an epoch, and progress within a long epoch."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EpochResults:
    """One epoch of the members still in the pack, as arrays (k,); `members` holds the member numbers.

    Errors are float64. `diverged` marks members whose error is not finite. `finished` marks members that have trained
    all their epochs or were stopped early, with the reason in `stopped_because`. Both kinds leave the pack.
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
    """Progress within an epoch: the share of its training examples that the members have seen."""

    members: np.ndarray
    share: float
