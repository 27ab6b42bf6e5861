"""Retraining of stored trials: to get a network that was not kept, or to check that results are reproducible."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from fitgap.core.preprocessing import prepare_examples
from fitgap.core.training import EpochResults, Pack
from fitgap.runner.data import draw_fingerprint, fingerprint, is_in_memory, keep
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import MEASURED
from fitgap.runner.planning.packs import PlannedTrial, member_of, pack_shape
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.spec import Configuration, stored_sweep_of
from fitgap.runner.store import Row, Store
from fitgap.runner.system.blas import one_blas_thread
from fitgap.runner.system.machine_record import describe_environment


def stored_trial(store: Store, row: Row) -> tuple[PlannedTrial, PreparedSweep]:
    """The planned trial and its data, from a row of `Store.show`. Raises StoreError if the data have changed."""
    sweep = store.sweep(row["sweep"])
    recall_data(store, sweep)
    prepared = prepare_sweep(stored_sweep_of(sweep["specification"]))
    own = store.draw_fingerprints(sweep["id"]).get(row["repeat"])
    has_changed = fingerprint(prepared.dataset) != row["fingerprint"]
    if has_changed or (own is not None and draw_fingerprint(prepared.dataset, row["repeat"]) != own):
        raise StoreError(
            f"the data set {row['data']} has changed since trial {row['trial']} was trained; restore the old one"
        )
    return PlannedTrial(row["trial"], Configuration.from_canonical(row["settings"]), row["repeat"]), prepared


def recall_data(store: Store, sweep: Row) -> None:
    """Load the stored data of a sweep into memory if they came from there."""
    source = sweep["specification"].get("data", {}).get("source")
    if isinstance(source, str) and is_in_memory(source) and (content := store.data_content(sweep["id"])) is not None:
        keep(content)


def lone_pack(trial: PlannedTrial, prepared: PreparedSweep) -> Pack:
    """An untrained pack with only this trial."""
    shape = pack_shape(trial.configuration, prepared)
    seed = prepared.sweep.seed
    preparation = prepared.preparation_for(trial.configuration)
    examples = prepare_examples(
        prepared.dataset, preparation, prepared.reading, seed=seed, repeat=trial.repeat, dtype=shape.dtype
    )
    return Pack(shape, [member_of(trial.configuration, seed, trial.repeat)], {trial.repeat: examples})


def retrain(trial: PlannedTrial, prepared: PreparedSweep, epoch: int) -> np.ndarray:
    """Retrain a trial and return its parameters (P,) after `epoch`."""
    pack = lone_pack(trial, prepared)
    with one_blas_thread():
        for results in pack.run():
            if results.epoch == epoch:
                return pack.parameters_of(0)
    raise StoreError(f"trial {trial.trial_id} ended before epoch {epoch} when it was trained again")


@dataclass(frozen=True)
class ReplayDifference:
    """A quantity that differs from the stored one: in how many epochs, by how much at most, and in which epoch."""

    quantity: str
    epochs: int
    largest: float
    at_epoch: int


@dataclass(frozen=True)
class Replay:
    """Result of retraining a trial: `epochs` stored epochs out of `trained` were compared, with these differences.

    `environment` maps each property of the environment that differs to its old and new value.
    """

    trial: int
    epochs: int
    trained: int
    differences: tuple[ReplayDifference, ...]
    environment: dict[str, tuple[Any, Any]]

    @property
    def is_equal(self) -> bool:
        """Whether all numbers of all epochs are bit-for-bit equal."""
        return not self.differences


def replay(store: Store, number: int) -> Replay:
    """Train a trial again in this process and compare every epoch with what is stored.

    Raises StoreError if there is no such trial, if it has no epochs, or if its data have changed.
    """
    row = store.show(number)
    stored = store.epochs([number])
    if not stored:
        raise StoreError(f"trial {number} is {row['status']} and has no epochs to compare; choose one that has run")
    trial, prepared = stored_trial(store, row)
    found = list(retrained_epochs(trial, prepared, stored[-1]["epoch"]))
    return Replay(
        trial=number,
        epochs=len(stored),
        trained=stored[-1]["epoch"],
        differences=tuple(differences(stored, found)),
        environment=changes(row["environment"] or {}, describe_environment()),
    )


def retrained_epochs(trial: PlannedTrial, prepared: PreparedSweep, last: int) -> Iterator[Row]:
    """Retrain the trial up to epoch `last`; yields epochs in the form of the store's rows."""
    pack = lone_pack(trial, prepared)
    with one_blas_thread():
        for results in pack.run():
            yield {"epoch": results.epoch, **measured(results)}
            if results.epoch == last:
                return


def measured(results: EpochResults) -> dict[str, float | None]:
    """The measured numbers of the only member; numbers that are not finite become None, as in the store."""
    numbers = {name: float(getattr(results, name)[0]) for name in MEASURED}
    return {name: value if isfinite(value) else None for name, value in numbers.items()}


def differences(stored: list[Row], found: list[Row]) -> Iterator[ReplayDifference]:
    """The differences between stored and retrained epochs; an epoch missing from `found` differs infinitely."""
    again = {row["epoch"]: row for row in found}
    for quantity in MEASURED:
        distances = {
            row["epoch"]: distance(row[quantity], again[row["epoch"]][quantity] if row["epoch"] in again else None)
            for row in stored
        }
        differing = {epoch: value for epoch, value in distances.items() if value}
        if differing:
            at_epoch = max(differing, key=lambda epoch: differing[epoch])
            yield ReplayDifference(quantity, len(differing), differing[at_epoch], at_epoch)


def distance(one: float | None, other: float | None) -> float:
    """The distance of two numbers: 0 if both are None, infinite if only one is."""
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)


def changes(then: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The differences between two environments, except for the git commit of the current folder."""
    keys = [key for key in (*then, *(key for key in now if key not in then)) if not key.startswith("git_")]
    return {key: (then.get(key), now.get(key)) for key in keys if then.get(key) != now.get(key)}
