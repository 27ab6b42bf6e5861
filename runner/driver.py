"""The driver: writes a sweep's trials, hands packs to an engine, records what comes back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runner.engine import make_engine
from runner.errors import DataError
from runner.messages import Block, PackTask
from runner.packing import PlannedTrial, pack_trials, work_of
from runner.planning import PreparedSweep, prepare_sweep, sweep_plan
from runner.sources import fingerprint
from runner.spec import Configuration, Sweep
from runner.store import Store

Observer = Callable[[Block], None]


@dataclass(frozen=True)
class SweepStoppedError(Exception):
    """The sweep was stopped by the user; `released` trials wait to be trained again."""

    sweep_name: str
    released: int


@dataclass(frozen=True)
class WrittenSweep:
    """A sweep whose trials are rows: its number and name in the store."""

    sweep_id: int
    name: str
    prepared: PreparedSweep


def write_sweep(store: Store, prepared: PreparedSweep) -> WrittenSweep:
    """Write a sweep and all its trials as pending."""
    sweep_id, name = store.add_sweep(sweep_plan(prepared))
    return WrittenSweep(sweep_id, name, prepared)


def stored_sweep(store: Store, name_or_number: str) -> WrittenSweep:
    """A sweep from the store, with its data loaded again. Raises DataError where they have changed since."""
    row = store.sweep(name_or_number)
    prepared = prepare_sweep(Sweep.from_canonical(row["specification"]))
    if fingerprint(prepared.dataset) != row["fingerprint"]:
        raise DataError(f"{prepared.dataset.name} has changed since sweep {row['name']} began; bring the old data back")
    return WrittenSweep(row["id"], row["name"], prepared)


def drive(store: Store, written: WrittenSweep, *, engine: str, workers: int | None, observe: Observer) -> None:
    """Train all pending trials of a sweep and record every epoch.

    Raises SweepStoppedError after Ctrl-C, with the trials in flight put back to pending.
    """
    trials = pending_trials(store, written.sweep_id)
    prepared = written.prepared
    expected_work = sum(epochs * cost for epochs, cost in work_of(trials, prepared).values())
    try:
        with make_engine(engine, prepared.dataset, workers, expected_work) as running:
            tasks = pack_trials(trials, prepared, workers=running.workers)
            for block in running.run(started(store, tasks)):
                store.record(block)
                observe(block)
    except KeyboardInterrupt:
        raise SweepStoppedError(written.name, store.release_trials(written.sweep_id)) from None


def pending_trials(store: Store, sweep_id: int) -> list[PlannedTrial]:
    """The trials that wait, with what to train."""
    configurations = {
        row["id"]: Configuration.from_canonical(row["settings"]) for row in store.configurations(sweep_id)
    }
    return [
        PlannedTrial(row["id"], configurations[row["configuration_id"]], row["repeat"])
        for row in store.pending_trials(sweep_id)
    ]


def started(store: Store, tasks: Iterator[PackTask]) -> Iterator[PackTask]:
    """The tasks, each marked as running when the engine takes it; what others have started meanwhile is left out."""
    for task in tasks:
        gained = store.start_trials(task.trials)
        if gained:
            yield task.only(gained)
