"""A pack that somebody trains, as it looks from here: how far it is, and what is left when it leaves before its end."""

import time
from collections.abc import Iterable
from typing import TypeVar

from fitgap.runner.messages import Arrays, Block, PackTask

# To leave and go on somewhere else takes some hundredths of a second; in the end it must gain more.
WORTH_CUTTING_SECONDS = 0.3


class RunningPack:
    """A task in training. Asked to leave, its trials save their states after their epoch; `rest` goes on from there."""

    def __init__(self, task: PackTask):
        self.task = task
        self.is_leaving = False
        self.open = set(task.trials)
        self.states: dict[int, Arrays] = {}
        self.epoch = self.first_epoch = 0
        self.told_at = self.first_told_at = time.monotonic()

    def take_in(self, block: Block) -> None:
        """Note what a block tells."""
        self.open -= {end.trial_id for end in block.ended}
        self.states = {each.trial_id: each.arrays for each in block.states if each.trial_id in self.open}
        if block.trained:
            self._note_epoch(int(block.trained.last.max()))
        if block.failure:
            self.open.clear()

    def _note_epoch(self, epoch: int) -> None:
        self.epoch, self.told_at = epoch, time.monotonic()
        if not self.first_epoch:
            self.first_epoch, self.first_told_at = epoch, self.told_at

    def rest(self) -> list[PackTask]:
        """What is left of the task after its last block, where it has left because it was asked to."""
        if not self.is_leaving or not self.open:
            return []
        rest = self.task.subset(self.open)
        return [rest.starting_from([self.states[trial] for trial in rest.trials])]

    def seconds_left(self) -> float:
        """How long it would go on as it has so far; 0 where that cannot be told, or where it is in its last epoch."""
        epochs = self.epoch - self.first_epoch
        if not epochs:
            return 0.0
        pace = (self.told_at - self.first_told_at) / epochs
        pairs = zip(self.task.trials, self.task.members, strict=True)
        planned = (member.epochs for trial, member in pairs if trial in self.open)
        left = (max(planned, default=0) - self.epoch) * pace - (time.monotonic() - self.told_at)
        return left if left > pace else 0.0

    @property
    def can_be_cut(self) -> bool:
        return not self.is_leaving and len(self.open) > 1 and self.seconds_left() > WORTH_CUTTING_SECONDS


SomePack = TypeVar("SomePack", bound=RunningPack)


def packs_to_cut(packs: Iterable[SomePack], idle_workers: int) -> list[SomePack]:
    """The packs that are to leave so that workers with nothing else to do get half of one: those that take longest."""
    packs = list(packs)
    # Each of those that are leaving already has half of itself for somebody.
    wanted = max(0, idle_workers - sum(pack.is_leaving for pack in packs))
    candidates = [pack for pack in packs if pack.can_be_cut]
    return sorted(candidates, key=RunningPack.seconds_left, reverse=True)[:wanted]


def in_halves(tasks: Iterable[PackTask]) -> list[PackTask]:
    """Each task in two, where it has more than one trial."""
    return [part for task in tasks for part in (task.halves() if len(task.trials) > 1 else (task,))]
