"""What a worker does with a pack, the same in every engine: train it and send blocks of epochs."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import fields
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from core.data import Dataset
from core.preprocessing import Examples, prepare_examples
from core.training import EpochPart, EpochResults, Pack
from runner.messages import Block, EpochRows, KeptNetwork, PackTask, TrialEnd
from runner.status import Status

# Rows are sent this often, so that another terminal sees a sweep grow.
BLOCK_SECONDS = 0.5
MEASURED = tuple(field.name for field in fields(EpochRows) if field.name not in ("trial_id", "epoch"))


def train_pack(task: PackTask, dataset: Dataset) -> Iterator[Block]:
    """Train a pack to its end and yield its epochs in blocks.

    Errors of the training itself end its trials as failed, with the message as the reason.
    """
    journal = Journal(task)
    try:
        with one_blas_thread():
            pack = Pack(task.shape, task.members, prepare_repeats(task, dataset))
            for each in pack.run_in_parts():
                if isinstance(each, EpochResults):
                    journal.add(each, pack)
                else:
                    journal.note(each)
                if journal.is_due():
                    yield journal.block()
    except (ArithmeticError, MemoryError, ValueError) as error:
        journal.fail(f"{type(error).__name__}: {error}")
    if journal.has_news():
        yield journal.block()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread a worker: matrices this small gain nothing from more, and the workers share the cores."""
    with blas().limit(limits=1):
        yield


@cache
def blas() -> ThreadpoolController:
    """The controller of this process's BLAS threads; looking for them takes a while and is done once."""
    return ThreadpoolController()


def prepare_repeats(task: PackTask, dataset: Dataset) -> dict[int, Examples]:
    """The examples of every repeat in the pack."""
    keys = {(member.seed, member.repeat) for member in task.members}
    return {
        repeat: prepare_examples(
            dataset, task.preparation, task.shape.reading, seed=seed, repeat=repeat, dtype=task.shape.dtype
        )
        for seed, repeat in sorted(keys)
    }


class Journal:
    """Collects a pack's epochs for the next block and keeps each member's summary."""

    def __init__(self, task: PackTask):
        self.task = task
        self.trials = np.array(task.trials)
        count = len(task.trials)
        self.best_e_v = np.full(count, np.inf)
        self.best_e_t = np.full(count, np.nan)
        self.best_epoch = np.zeros(count, int)
        self.seconds = np.zeros(count)
        self.open = np.ones(count, bool)
        self.best_networks: dict[int, KeptNetwork] = {}
        self.results: list[EpochResults] = []
        self.ended: list[TrialEnd] = []
        self.kept: list[KeptNetwork] = []
        self.part: tuple[np.ndarray, float] | None = None
        self.last_epoch_at = time.monotonic()
        # The first epoch is sent at once: it shows that the pack trains.
        self.last_block_at = -BLOCK_SECONDS

    def add(self, results: EpochResults, pack: Pack) -> None:
        """Take in an epoch that the pack has just trained."""
        now = time.monotonic()
        self.part = None
        members = results.members
        self.seconds[members] += (now - self.last_epoch_at) / len(members)
        self.last_epoch_at = now
        self._remember_best(results, pack)
        self.results.append(results)
        for position in np.flatnonzero(results.diverged | results.finished):
            self._end(results, int(position), pack)

    def note(self, part: EpochPart) -> None:
        """Take in how far an epoch has come."""
        self.part = (self.trials[part.members], part.share)

    def _remember_best(self, results: EpochResults, pack: Pack) -> None:
        # NaN compares as false, and a diverged epoch never counts, whichever of its two errors is finite.
        better = (results.e_v < self.best_e_v[results.members]) & ~results.diverged
        members = results.members[better]
        self.best_e_v[members] = results.e_v[better]
        self.best_e_t[members] = results.e_t[better]
        self.best_epoch[members] = results.epoch
        if self.task.keep == "best":
            self.best_networks |= {int(member): self._network(int(member), results.epoch, pack) for member in members}

    def _network(self, member: int, epoch: int, pack: Pack) -> KeptNetwork:
        return KeptNetwork(int(self.trials[member]), epoch, pack.parameters_of(member))

    def _end(self, results: EpochResults, position: int, pack: Pack) -> None:
        member = int(results.members[position])
        diverged = bool(results.diverged[position])
        self.open[member] = False
        if self.task.keep == "last":
            self.kept.append(self._network(member, results.epoch, pack))
        elif member in self.best_networks:
            self.kept.append(self.best_networks.pop(member))
        self.ended.append(
            TrialEnd(
                trial_id=int(self.trials[member]),
                status=Status.DIVERGED if diverged else Status.COMPLETED,
                reason=f"an error was no longer finite after epoch {results.epoch}"
                if diverged
                else results.stopped_because[position],
                epochs=results.epoch,
                e_t=float(results.e_t[position]),
                e_v=float(results.e_v[position]),
                best_epoch=int(self.best_epoch[member]) or None,
                best_e_t=float(self.best_e_t[member]),
                best_e_v=float(self.best_e_v[member]),
                accuracy_t=float(results.accuracy_t[position]),
                accuracy_v=float(results.accuracy_v[position]),
                seconds=float(self.seconds[member]),
                learned=pack.learned_by(member) or None,
            )
        )

    def fail(self, reason: str) -> None:
        """End all members that are still open as failed."""
        for member in np.flatnonzero(self.open):
            self.ended.append(TrialEnd(trial_id=int(self.trials[member]), status=Status.FAILED, reason=reason))
        self.open[:] = False

    def is_due(self) -> bool:
        return time.monotonic() - self.last_block_at >= BLOCK_SECONDS

    def has_news(self) -> bool:
        return bool(self.results or self.ended)

    def block(self) -> Block:
        """Everything since the last block."""
        rows = self._rows() if self.results else None
        block = Block(rows, tuple(self.ended), tuple(self.kept), self.part)
        self.results, self.ended, self.kept, self.last_block_at = [], [], [], time.monotonic()
        return block

    def _rows(self) -> EpochRows:
        return EpochRows(
            trial_id=np.concatenate([self.trials[results.members] for results in self.results]),
            epoch=np.concatenate([np.full(len(results.members), results.epoch) for results in self.results]),
            **{name: np.concatenate([getattr(results, name) for results in self.results]) for name in MEASURED},
        )
