"""What passes between the driver and the workers: packs to train one way, blocks of epochs the other."""

from collections.abc import Container
from dataclasses import dataclass, replace

import numpy as np

from core.layers import Layout
from core.members import Member, PackShape
from core.preprocessing import Preparation
from runner.status import Status


@dataclass(frozen=True)
class PackTask:
    """A pack to train: the numbers of its trials, their members in the same order, and what they share.

    `keep` says which parameters of every member to send back: none, those of the last epoch, or of the best.
    """

    trials: tuple[int, ...]
    members: tuple[Member, ...]
    shape: PackShape
    preparation: Preparation
    keep: str = "none"

    @property
    def work_per_epoch(self) -> float:
        """Roughly what an epoch of one member costs: the connections of its network."""
        return float(Layout(self.shape.layers).weight_count)

    def only(self, trials: Container[int]) -> "PackTask":
        """The same task with these of its trials alone."""
        chosen = [position for position, trial in enumerate(self.trials) if trial in trials]
        return replace(
            self,
            trials=tuple(self.trials[position] for position in chosen),
            members=tuple(self.members[position] for position in chosen),
        )


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
    # Learned β and γ after the last epoch, such as `layer_1.0.beta`.
    learned: dict[str, float] | None = None


@dataclass(frozen=True)
class KeptNetwork:
    """The parameters (P,) of a trial after an epoch, as they lie in a row of the pack's buffer."""

    trial_id: int
    epoch: int
    parameters: np.ndarray


@dataclass(frozen=True)
class Block:
    """What a worker sends while a pack trains: new rows, the trials that ended with them, the networks they keep.

    `part` tells of an epoch that is not over yet: its trials and the share of their training examples that is done.
    """

    rows: EpochRows | None
    ended: tuple[TrialEnd, ...]
    kept: tuple[KeptNetwork, ...] = ()
    part: tuple[np.ndarray, float] | None = None
