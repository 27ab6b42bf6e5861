"""A simulated cluster of many workers: simulated time, and blocks with the sizes of real ones."""

import contextlib
import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from fitgap.core.fit_evidence import SAMPLE_SIZE
from fitgap.runner.engine.worker.block_builder import BLOCK_SECONDS
from fitgap.runner.messages import MEASURED, Block, EpochCounts, EpochRows, PackTask, TrialEnd, TrialEvidence
from fitgap.runner.recorded_epochs import always_recorded
from fitgap.runner.trial_status import Status

from benchmarks.ours.pack_times import PackTimes

# Random numbers for rows and errors, drawn once.
POOL = np.random.default_rng(0).random(1 << 20)
LAYER = {"units": 16, "dead": 0, "saturated": 1, "weights": 1024, "near_zero": 3, "rms": 0.21, "rms_start": 0.19}


@dataclass(frozen=True)
class Worker:
    """A pack in training: the simulated times at which its blocks arrive, and functions that create them.

    A block is created only when it arrives because, with a real cluster, future blocks take no memory of the driver.
    """

    task: PackTask
    blocks: Iterator[tuple[float, Callable[[], Block]]]


class SimulatedCluster:
    """Takes a task for every idle worker, and yields blocks in the order of simulated time.

    `own_seconds` and `own_processor_seconds` are the cost of the simulation itself, which a real cluster does not have.
    `busy_seconds` is the simulated time for which the workers trained.
    """

    name = "simulated"

    def __init__(self, workers: int, times: PackTimes, seed: int):
        self.workers, self.times = workers, times
        self.numbers = np.random.default_rng(seed)
        self.own_seconds = self.own_processor_seconds = self.busy_seconds = 0.0
        self.blocks = self.rows = self.trials = 0

    def __enter__(self) -> "SimulatedCluster":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def stop(self) -> None:
        pass

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        """All blocks of all packs; the blocks of one pack come in order."""
        self.events: list[tuple[float, int, Callable[[], Block], Worker]] = []
        self.order = itertools.count()
        for task in itertools.islice(tasks, self.workers):
            self._begin(task, now=0.0)
        while self.events:
            now, _, make, worker = heapq.heappop(self.events)
            with self._own_time():
                block = make()
            self._count(block)
            yield block
            if not self._schedule_next(worker) and (task := next(tasks, None)):
                self._begin(task, now)

    def _begin(self, task: PackTask, now: float) -> None:
        with self._own_time():
            seconds = self.times.of_pack(self.numbers, len(task.trials), task.members[0].epochs)
            self.busy_seconds += float(seconds.sum())
        self._schedule_next(Worker(task, pack_blocks(task, now, now + np.cumsum(seconds))))

    def _schedule_next(self, worker: Worker) -> bool:
        """Schedule the next block of a pack; returns whether there is one."""
        with self._own_time():
            following = next(worker.blocks, None)
            if following:
                heapq.heappush(self.events, (following[0], next(self.order), following[1], worker))
        return following is not None

    @contextlib.contextmanager
    def _own_time(self) -> Iterator[None]:
        """Count the time inside as the simulation's own."""
        began, processor = time.perf_counter(), time.process_time()
        yield
        self.own_seconds += time.perf_counter() - began
        self.own_processor_seconds += time.process_time() - processor

    def _count(self, block: Block) -> None:
        self.blocks += 1
        self.rows += len(block.rows) if block.rows else 0
        self.trials += len(block.ended)


def pack_blocks(task: PackTask, begin: float, ends: np.ndarray) -> Iterator[tuple[float, Callable[[], Block]]]:
    """The blocks of a pack whose epochs end at these times, divided as by a BlockBuilder.

    Yields the time of each block and a function that creates it.
    """
    count, trials = len(ends), np.array(task.trials)
    # Best epochs differ from trial to trial.
    best = 1 + (trials * 7919) % count
    pause = max(BLOCK_SECONDS, task.block_seconds)
    waiting, sent_at = [], begin if task.block_seconds else begin - pause
    for epoch, now in enumerate(ends.tolist(), 1):
        waiting.append(epoch)
        if now - sent_at >= pause or epoch == count:
            yield now, partial(block_of, task, trials, waiting, best if epoch == count else None)
            waiting, sent_at = [], now


def block_of(task: PackTask, trials: np.ndarray, epochs: list[int], best: np.ndarray | None) -> Block:
    """A block of these epochs. If best epochs are given, it is the last block, in which all trials end."""
    last = epochs[-1]
    recorded = [epoch for epoch in epochs if task.recording.includes(epoch)]
    pairs = [np.tile(trials, len(recorded)), np.repeat(recorded, len(trials))]
    if best is not None:
        more = [
            (trial, epoch)
            for trial, its_best in zip(trials.tolist(), best.tolist(), strict=True)
            for epoch in always_recorded(last, its_best)
            if not task.recording.includes(epoch)
        ]
        pairs = [
            np.concatenate([known, new]) for known, new in zip(pairs, np.array(more, int).reshape(-1, 2).T, strict=True)
        ]
    counted = None
    if not task.recording.is_complete:
        counted = EpochCounts(trials, np.full(len(trials), last), np.full(len(trials), len(epochs)))
    rows = rows_of(*pairs) if len(pairs[0]) else None
    if best is None:
        return Block(rows, (), counted=counted)
    ends = tuple(end_of(trial, last, epoch) for trial, epoch in zip(trials.tolist(), best.tolist(), strict=True))
    evidence = tuple(evidence_of(trial) for trial in trials.tolist())
    return Block(rows, ends, evidence=evidence, counted=counted)


def rows_of(trials: np.ndarray, epochs: np.ndarray) -> EpochRows:
    """Rows (n,) with numbers from the pool, each column from a different position."""
    starts = {name: 1000 * position for position, name in enumerate(MEASURED)}
    return EpochRows(trials, epochs, **{name: POOL[start : start + len(trials)] for name, start in starts.items()})


def end_of(trial: int, last: int, best: int) -> TrialEnd:
    e_t, e_v, accuracy = POOL[trial % 1000], POOL[trial % 1000 + 1], POOL[trial % 1000 + 2]
    return TrialEnd(
        trial,
        Status.COMPLETED,
        epochs=last,
        e_t=float(e_t),
        e_v=float(e_v),
        best_epoch=best,
        best_e_t=float(e_t),
        best_e_v=float(e_v) / 2,
        accuracy_t=float(accuracy),
        accuracy_v=float(accuracy),
        seconds=1.0,
    )


def evidence_of(trial: int) -> TrialEvidence:
    start = trial % 10_000
    errors = POOL[start : start + 4 * SAMPLE_SIZE].reshape(2, 2, SAMPLE_SIZE).astype(np.float32)
    return TrialEvidence(trial, {"layers": [LAYER, LAYER]}, errors)
