"""Messages between driver and workers: packs to train in one direction, blocks of results in the other."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from fitgap.core.members import Member, PackShape
from fitgap.core.preprocessing import Preparation
from fitgap.runner.recorded_epochs import COMPLETE, Recording
from fitgap.runner.trial_status import Status

# The saved state of a trial, as named arrays.
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class PackTask:
    """A pack to train: the numbers of its trials, their members in the same order, and their common settings.

    `keep` says what to return for each member besides results: nothing, its parameters after the last or the best
    epoch, or its final state. `recording` says which epochs to send. With `states`, in the order of the trials and all
    of the same epoch, training resumes from these states.
    """

    trials: tuple[int, ...]
    members: tuple[Member, ...]
    shape: PackShape
    preparation: Preparation
    keep: str = "none"
    recording: Recording = COMPLETE
    states: tuple[Arrays, ...] = ()
    # Minimum time between blocks; the more workers there are, the longer it is.
    block_seconds: float = 0.0
    # In a sweep that prunes, the epoch after which each trial waits at its rung, None for those that train to their
    # end; otherwise empty.
    legs: tuple[int | None, ...] = ()

    @property
    def last_epochs(self) -> tuple[int, ...]:
        """The epoch after which each trial leaves the pack, unless it is stopped earlier."""
        planned = tuple(member.epochs for member in self.members)
        return tuple(leg or most for leg, most in zip(self.legs, planned, strict=True)) if self.legs else planned

    @property
    def work_per_epoch(self) -> float:
        """Approximate cost of an epoch of one member: the multiplications of its network per example."""
        return float(self.shape.network.multiplications)

    def subset(self, trials: Container[int]) -> "PackTask":
        """The same task with only these of its trials."""
        chosen = [position for position, trial in enumerate(self.trials) if trial in trials]
        return replace(
            self,
            trials=tuple(self.trials[position] for position in chosen),
            members=tuple(self.members[position] for position in chosen),
            states=tuple(self.states[position] for position in chosen) if self.states else (),
            legs=tuple(self.legs[position] for position in chosen) if self.legs else (),
        )

    def starting_from(self, states: Sequence[Arrays]) -> "PackTask":
        """The same task, resuming from these states; from the beginning if `states` is empty."""
        return replace(self, states=tuple(states))

    def halves(self) -> "tuple[PackTask, PackTask]":
        """The task split in two."""
        middle = len(self.trials) // 2
        return self.subset(self.trials[:middle]), self.subset(self.trials[middle:])


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

    def subset(self, trials: Container[int]) -> "EpochRows":
        """The rows of these trials."""
        return self.where(np.array([trial in trials for trial in self.trial_id.tolist()], bool))

    def where(self, chosen: np.ndarray) -> "EpochRows":
        """The rows marked in `chosen` (n,), or those at the positions that it lists."""
        return EpochRows(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence["EpochRows"]) -> "EpochRows":
        """The rows of all parts; there must be at least one part."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    @property
    def counts(self) -> "EpochCounts":
        """The epochs trained, derived from these rows; valid only if every epoch is recorded."""
        trials, positions, counts = np.unique(self.trial_id, return_inverse=True, return_counts=True)
        last = np.zeros(len(trials), int)
        np.maximum.at(last, positions, self.epoch)
        return EpochCounts(trials, last, counts)


@dataclass(frozen=True)
class EpochCounts:
    """Progress of trials, each (n,): the last epoch trained, and the number of epochs trained since the last block."""

    trial_id: np.ndarray
    last: np.ndarray
    count: np.ndarray

    def subset(self, trials: Container[int]) -> "EpochCounts":
        """The counts of these trials."""
        chosen = np.array([trial in trials for trial in self.trial_id.tolist()], bool)
        return EpochCounts(self.trial_id[chosen], self.last[chosen], self.count[chosen])


# The quantities measured in every epoch.
MEASURED = tuple(field.name for field in fields(EpochRows) if field.name not in ("trial_id", "epoch"))


@dataclass(frozen=True)
class TrialEnd:
    """How a trial ended, with a summary of its epochs; missing numbers are NaN, missing counts None.

    A trial that waits at a rung has left its pack with the status `pending`, and its state was sent.
    """

    trial_id: int
    status: Status
    reason: str | None = None
    epochs: int | None = None
    e_t: float = float("nan")
    e_v: float = float("nan")
    best_epoch: int | None = None
    best_e_t: float = float("nan")
    best_e_v: float = float("nan")
    # Errors at the best epochs of two halves of the validation examples, each measured on the other half.
    honest_e_t: float = float("nan")
    honest_e_v: float = float("nan")
    accuracy_t: float = float("nan")
    accuracy_v: float = float("nan")
    seconds: float = float("nan")
    # Learned β and γ after the last epoch, such as `layer_1.0.beta`.
    learned: dict[str, float] | None = None
    # Further metrics of a completed trial, such as `f1_macro_v` and `best_f1_macro_v`.
    metrics: Mapping[str, float] = field(default_factory=dict)
    # The numbers of validation examples by class and predicted class after the best epoch (C, answers), if known.
    confusion: np.ndarray | None = None
    # For each class, the numbers of validation examples and of those recognized (C, 2), after the last and best epoch.
    recognized: np.ndarray | None = None
    best_recognized: np.ndarray | None = None


@dataclass(frozen=True)
class KeptNetwork:
    """The parameters (P,) of a trial after an epoch, in saved form (`core.activation_parameters.own_row`)."""

    trial_id: int
    epoch: int
    parameters: np.ndarray


@dataclass(frozen=True)
class TrialEvidence:
    """The evidence for the verdict on a completed trial: layer statistics and the errors of a sample of examples.

    `errors` (2, 2, n) has the axes (best epoch, last epoch), (training, validation) and example; padded with NaN.
    `honest` (2, n) are the errors at the cross-fitted best epochs (see `fitgap.core.cross_fit`); None if unknown.
    """

    trial_id: int
    statistics: Mapping[str, Any]
    errors: np.ndarray
    honest: np.ndarray | None = None


@dataclass(frozen=True)
class SavedState:
    """The state of a trial after an epoch: everything needed to resume as if it had never stopped."""

    trial_id: int
    epoch: int
    arrays: Arrays


@dataclass(frozen=True)
class PackFailure:
    """A pack that failed, with the trials that were still in it.

    `is_certain` marks an error that would occur again, such as one of the computation itself. A worker that died or ran
    out of memory may succeed with fewer trials, or next time. `is_blameless` marks failures that no trial can have
    caused, such as the death of a node.
    """

    task: PackTask
    trials: tuple[int, ...]
    reason: str
    is_certain: bool = False
    is_blameless: bool = False


@dataclass(frozen=True)
class Block:
    """What a worker sends while a pack trains: new rows, the trials that ended with them, and the kept networks.

    `part` reports progress within an epoch: the trials and the share of training examples done. `states` are saved
    states of trials. `failure` means that the pack ended before its trials did. `counted` gives the epochs trained if
    `rows` does not, because not every epoch is recorded. `node` names the cluster node that sent the block.
    """

    rows: EpochRows | None
    ended: tuple[TrialEnd, ...]
    kept: tuple[KeptNetwork, ...] = ()
    part: tuple[np.ndarray, float] | None = None
    states: tuple[SavedState, ...] = ()
    failure: PackFailure | None = None
    evidence: tuple[TrialEvidence, ...] = ()
    counted: EpochCounts | None = None
    node: str | None = None

    @property
    def trained(self) -> EpochCounts | None:
        """The epochs that the trials have trained since the last block, recorded or not."""
        return self.counted or (self.rows.counts if self.rows else None)

    @property
    def is_to_be_stored(self) -> bool:
        """Whether the block has content for the store, not only progress."""
        return bool(self.rows or self.ended or self.kept or self.states or self.evidence)

    @property
    def final_ends(self) -> tuple[TrialEnd, ...]:
        """The ends of trials that do not wait at a rung."""
        return tuple(end for end in self.ended if end.status.is_final)

    @property
    def trials(self) -> set[int]:
        """The trials that the block has content for."""
        named = {each.trial_id for group in (self.ended, self.kept, self.states, self.evidence) for each in group}
        return named | (set(self.rows.trial_id.tolist()) if self.rows else set())

    def subset(self, trials: Container[int]) -> "Block":
        """The same block with only these of its trials."""
        return replace(
            self,
            rows=self.rows.subset(trials) if self.rows else None,
            ended=tuple(each for each in self.ended if each.trial_id in trials),
            kept=tuple(each for each in self.kept if each.trial_id in trials),
            states=tuple(each for each in self.states if each.trial_id in trials),
            evidence=tuple(each for each in self.evidence if each.trial_id in trials),
            counted=self.counted.subset(trials) if self.counted else None,
        )
