"""Sweeps in the store: written before they run, brought back with their data to go on."""

from dataclasses import dataclass

from runner.errors import DataError
from runner.planning import PreparedSweep, prepare_sweep, sweep_plan
from runner.sources import fingerprint
from runner.spec import Sweep
from runner.store import Store


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
