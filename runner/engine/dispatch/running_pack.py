"""A pack in training, as seen by its engine: its progress, and the rest of it if it leaves early."""

import time
from collections.abc import Iterable
from typing import TypeVar

from fitgap.runner.messages import Arrays, Block, PackTask

# Leaving and resuming elsewhere takes a few hundredths of a second; cutting must gain more than that.
WORTH_CUTTING_SECONDS = 0.3


class RunningPack:
    """A task in training. When asked to leave, it saves its trials' states; `rest` returns a task that resumes them."""

    def __init__(self, task: PackTask):
        self.task = task
        self.is_leaving = False
        self.open = set(task.trials)
        self.states: dict[int, Arrays] = {}
        self.epoch = self.first_epoch = 0
        self.updated_at = self.first_updated_at = time.monotonic()

    def update(self, block: Block) -> None:
        """Update from a block."""
        self.open -= {end.trial_id for end in block.ended}
        self.states = {each.trial_id: each.arrays for each in block.states if each.trial_id in self.open}
        if block.trained:
            self._note_epoch(int(block.trained.last.max()))
        if block.failure:
            self.open.clear()

    def _note_epoch(self, epoch: int) -> None:
        self.epoch, self.updated_at = epoch, time.monotonic()
        if not self.first_epoch:
            self.first_epoch, self.first_updated_at = epoch, self.updated_at

    def rest(self) -> list[PackTask]:
        """The rest of a task that has left on request, to be called after its last block."""
        if not self.is_leaving or not self.open:
            return []
        rest = self.task.subset(self.open)
        return [rest.starting_from([self.states[trial] for trial in rest.trials])]

    def seconds_left(self) -> float:
        """Seconds that the pack still needs at its current pace; 0 if unknown or in its last epoch."""
        epochs = self.epoch - self.first_epoch
        if not epochs:
            return 0.0
        pace = (self.updated_at - self.first_updated_at) / epochs
        pairs = zip(self.task.trials, self.task.last_epochs, strict=True)
        planned = (last for trial, last in pairs if trial in self.open)
        left = (max(planned, default=0) - self.epoch) * pace - (time.monotonic() - self.updated_at)
        return left if left > pace else 0.0

    @property
    def can_be_cut(self) -> bool:
        return not self.is_leaving and len(self.open) > 1 and self.seconds_left() > WORTH_CUTTING_SECONDS


SomePack = TypeVar("SomePack", bound=RunningPack)


def packs_to_cut(packs: Iterable[SomePack], idle_workers: int) -> list[SomePack]:
    """The packs that should leave so that each idle worker gets half of one: those with the most time left."""
    packs = list(packs)
    # Each pack that is already leaving will provide half of itself for one idle worker.
    wanted = max(0, idle_workers - sum(pack.is_leaving for pack in packs))
    candidates = [pack for pack in packs if pack.can_be_cut]
    return sorted(candidates, key=RunningPack.seconds_left, reverse=True)[:wanted]


def in_halves(tasks: Iterable[PackTask]) -> list[PackTask]:
    """Each task cut in two if it has more than one trial."""
    return [part for task in tasks for part in (task.halves() if len(task.trials) > 1 else (task,))]
