"""Sweeps run by the real driver with a special engine, either warm or fake."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.engine.ray import RayEngine
from fitgap.runner.messages import Block, EpochRows, PackTask, TrialEnd
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.spec import Sweep
from fitgap.runner.store import DriverIdentity, DriverSession, Store, open_store_for_writing
from fitgap.runner.trial_status import Status

MEASURED = ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")


class WarmEngine:
    """An engine that runs before and after the sweep. It records the packs, and when it began to take them."""

    def __init__(self, inner: Any):
        self.inner, self.name, self.workers = inner, inner.name, inner.workers
        self.packs: list[PackTask] = []
        self.started = self.processor_before = 0.0

    def __enter__(self) -> "WarmEngine":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def stop(self) -> None:
        pass

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        self.packs, self.started, self.processor_before = [], time.monotonic(), time.process_time()
        yield from self.inner.run(self._recorded(tasks))

    def _recorded(self, tasks: Iterator[PackTask]) -> Iterator[PackTask]:
        for task in tasks:
            self.packs.append(task)
            yield task


class FakeEngine(WarmEngine):
    """Returns synthetic blocks at once, so that only the driver's work remains."""

    def __init__(self, workers: int):
        self.name, self.workers, self.packs = "fake", workers, []

    def run(self, tasks: Iterator[PackTask]) -> Iterator[Block]:
        for task in self._recorded(tasks):
            rows = synthetic_rows(np.array(task.trials), np.ones(len(task.trials), int))
            yield Block(rows, tuple(synthetic_end(trial) for trial in task.trials))

    def _recorded(self, tasks: Iterator[PackTask]) -> Iterator[PackTask]:
        """Do not record packs, since the memory of the driver is measured."""
        return tasks


class RecordingFakeEngine(FakeEngine):
    """A fake engine that records the packs."""

    _recorded = WarmEngine._recorded


def synthetic_rows(trials: np.ndarray, epochs: np.ndarray) -> EpochRows:
    """Rows (n,) like those of a worker."""
    numbers = np.random.default_rng(0)
    return EpochRows(trials, epochs, **{name: numbers.random(len(trials)) for name in MEASURED})


def synthetic_end(trial: int) -> TrialEnd:
    return TrialEnd(
        trial, Status.COMPLETED, epochs=1, e_t=0.1, e_v=0.2, best_epoch=1, best_e_t=0.1, best_e_v=0.2, seconds=0.01
    )


def prepared_sweep(text: str) -> PreparedSweep:
    return prepare_sweep(Sweep.from_canonical(json.loads(text)))


def drive_with(engine: WarmEngine, store: Store, prepared: PreparedSweep, on_block: Callable[[Block], None]) -> None:
    """Write a sweep and drive it to its end with this engine instead of one that the driver creates."""
    written = write_sweep(store, prepared)
    with patch("fitgap.runner.driver.loop.make_engine", lambda *arguments, **options: engine):
        drive(store, written, engine="ray", workers=engine.workers, on_block=on_block)


def nameless_driver(store: Store) -> DriverSession:
    """A driver session without a real identity."""
    return store.begin_driver(DriverIdentity(machine="benchmark", process=0, process_started="", environment={}))


@contextlib.contextmanager
def fresh_store() -> Iterator[Store]:
    """A store in a temporary folder."""
    with TemporaryDirectory(prefix="fitgap-benchmark-") as folder, open_store_for_writing(f"{folder}/it.db") as store:
        yield store


def planned_packs(prepared: PreparedSweep, workers: int) -> list[PackTask]:
    """The packs that the driver would send to workers."""
    engine = RecordingFakeEngine(workers)
    with fresh_store() as store:
        drive_with(engine, store, prepared, lambda block: None)
    return engine.packs


def time_warm(sweep: str, workers: int) -> dict[str, float]:
    """Seconds from the first pack sent to the last block stored, with warm Ray workers.

    `driver` is the CPU time of this process, including Ray's part in it, in percent of the time of all cores.
    """
    prepared = prepared_sweep(sweep)
    with RayEngine(prepared.dataset, workers) as inner:
        engine = WarmEngine(inner)
        time_once(engine, prepared)
        seconds, driving = time_once(engine, prepared)
    return {"seconds": seconds, "driver": 100 * driving / (workers * seconds)}


def time_once(engine: WarmEngine, prepared: PreparedSweep) -> tuple[float, float]:
    """Seconds of clock time and of this process's CPU time."""
    last = processor = 0.0

    def on_block(block: Block) -> None:
        # The driver calls this after it has stored a block.
        nonlocal last, processor
        last, processor = time.monotonic(), time.process_time()

    with fresh_store() as store:
        drive_with(engine, store, prepared, on_block)
    return last - engine.started, processor - engine.processor_before
