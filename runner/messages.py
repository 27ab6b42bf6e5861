"""What passes between the driver and the workers: packs to train one way, blocks of epochs the other."""

from dataclasses import dataclass

import numpy as np

from core.members import Member, PackShape
from core.preprocessing import Preparation
from runner.status import Status


@dataclass(frozen=True)
class PackTask:
    """A pack to train: the numbers of its trials, their members in the same order, and what they share."""

    trials: tuple[int, ...]
    members: tuple[Member, ...]
    shape: PackShape
    preparation: Preparation


@dataclass(frozen=True)
class EpochRows:
    """Rows of the epoch table as columns, each (n,)."""

    trial_id: np.ndarray
    epoch: np.ndarray
    e_t: np.ndarray
    e_v: np.ndarray
    e_t_running: np.ndarray
    se_t: np.ndarray
    se_v: np.ndarray
    accuracy_t: np.ndarray
    accuracy_v: np.ndarray
    learning_rate: np.ndarray

    def __len__(self) -> int:
        return len(self.trial_id)


@dataclass(frozen=True)
class TrialEnd:
    """How a trial ended, with the summary of its epochs; numbers are NaN and counts None where there is none."""

    trial_id: int
    status: Status
    reason: str | None = None
    epochs: int | None = None
    e_t: float = float("nan")
    e_v: float = float("nan")
    best_epoch: int | None = None
    best_e_t: float = float("nan")
    best_e_v: float = float("nan")
    accuracy_t: float = float("nan")
    accuracy_v: float = float("nan")
    seconds: float = float("nan")


@dataclass(frozen=True)
class Block:
    """What a worker sends while a pack trains: new rows, and the trials that ended with them."""

    rows: EpochRows | None
    ended: tuple[TrialEnd, ...]
