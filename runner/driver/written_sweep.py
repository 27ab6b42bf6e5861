"""Sweeps in the store: written before training, and loaded again with their data to resume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fitgap.runner.data import draw_fingerprint, fingerprint
from fitgap.runner.errors import DataError, SpecError, StoreError
from fitgap.runner.names import is_sweep_name
from fitgap.runner.planning.chosen import chosen_configurations
from fitgap.runner.planning.extension import sweep_extension
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import PreparedSweep, check_axes, prepare_sweep
from fitgap.runner.retraining import recall_data
from fitgap.runner.spec import (
    Configuration,
    Flags,
    Sweep,
    require_equal_repeats,
    require_extensible,
    stored_sweep_of,
    sweep_with_more,
)
from fitgap.runner.store import Store
from fitgap.runner.suggestions import suggested
from fitgap.runner.trial_status import Status


@dataclass(frozen=True)
class WrittenSweep:
    """A sweep that is stored, with its number and name in the store.

    `planned` maps recently packed trials to the epochs they have left and the work of one epoch, so that a progress
    display can count the work without reading the trials again.
    """

    sweep_id: int
    name: str
    prepared: PreparedSweep
    planned: dict[int, tuple[int, float]] = field(default_factory=dict, compare=False, repr=False)


def write_sweep(store: Store, prepared: PreparedSweep) -> WrittenSweep:
    """Write a sweep and all its trials as pending."""
    sweep_id, name = store.add_sweep(sweep_plan(prepared))
    return WrittenSweep(sweep_id, name, prepared)


@dataclass(frozen=True)
class Extended:
    """A sweep to which `new` trials were added, of which `continued` continue finished ones.

    `configurations` are the rows of the new configurations, which have some of these trials. If pruned trials were
    continued instead, `continued` is their number and `epochs` the number of epochs they have left.
    """

    written: WrittenSweep
    new: int
    continued: int
    configurations: Sequence[Mapping[str, Any]] = ()
    epochs: int | None = None


def extend_sweep(store: Store, name_or_number: str, flags: Flags, *, is_kept: bool = True) -> Extended:
    """Add alternatives, repeats or epochs to a sweep without changing what it has. Raises SpecError or DataError.

    With `is_kept` false, nothing is written: the result says what would be added.
    """
    written = stored_sweep(store, name_or_number)
    check_extensible(store, written.sweep_id, written.prepared.sweep)
    sweep = sweep_with_more(written.prepared.sweep, flags)
    prepared = replace(written.prepared, sweep=sweep)
    check_axes(prepared)
    prepared = replace(prepared, configurations=chosen_configurations(prepared))
    rows = store.configurations(written.sweep_id)
    known = [Configuration.from_canonical(row["settings"]) for row in rows]
    hashes = [row["hash"] for row in rows]
    extension = sweep_extension(prepared, known, hashes, written.prepared.most_repeats)
    new, continued = store.extend_sweep(written.sweep_id, extension, is_kept=is_kept)
    return Extended(WrittenSweep(written.sweep_id, written.name, prepared), new, continued, extension.configurations)


def continue_pruned(store: Store, name_or_number: str, where: str | None, *, is_kept: bool = True) -> Extended:
    """Let the pruned configurations of a sweep with a trial that matches a filter train to their end.

    With `is_kept` false, nothing is written. Raises SpecError if the sweep prunes nothing or nothing matches.
    """
    written = stored_sweep(store, name_or_number)
    if written.prepared.sweep.pruning is None:
        raise SpecError(f"sweep {written.name} uses no pruning rule, so it has no pruned trials")
    count, epochs = store.continue_pruned(written.sweep_id, where, is_kept=is_kept)
    if not count:
        of = " that match --where" if where else ""
        rule = f"sweep {written.name} has no pruned trials{of}"
        raise SpecError(f"{rule}; see its trials: {suggested('trials', written.name)}")
    return Extended(written, 0, count, epochs=epochs)


def add_configurations(store: Store, written: WrittenSweep, configurations: Sequence[Configuration]) -> Extended:
    """Add single configurations to a sweep, which need not be combinations of the alternatives of its axes.

    Raises SpecError if the sweep cannot be extended.
    """
    check_extensible(store, written.sweep_id, written.prepared.sweep)
    require_equal_repeats(written.prepared.sweep)
    rows = store.configurations(written.sweep_id)
    known = [Configuration.from_canonical(row["settings"]) for row in rows]
    wanted = replace(written.prepared, configurations=configurations)
    extension = sweep_extension(wanted, known, [row["hash"] for row in rows], written.prepared.most_repeats)
    return Extended(written, *store.extend_sweep(written.sweep_id, extension))


def check_extensible(store: Store, sweep_id: int, sweep: Sweep) -> None:
    """Raise SpecError if nothing can be added to the sweep with this number."""
    if sweep.pruning:
        require_extensible(sweep, has_pruned=bool(store.progress(sweep_id).trials.get(Status.PRUNED)))


def stored_sweep(store: Store, name_or_number: str) -> WrittenSweep:
    """A sweep from the store, with its data loaded again. Raises DataError if the data have changed since."""
    row = store.sweep(name_or_number)
    recall_data(store, row)
    prepared = prepare_sweep(stored_sweep_of(row["specification"]))
    if fingerprint(prepared.dataset) != row["fingerprint"]:
        raise DataError(f"{prepared.dataset.name} has changed since sweep {row['name']} began; restore the old data")
    for repeat, found in store.draw_fingerprints(row["id"]).items():
        if draw_fingerprint(prepared.dataset, repeat) != found:
            name = prepared.dataset.name
            rule = f"{name} draws different examples for repeat {repeat} than when sweep {row['name']} began"
            raise DataError(f"{rule}; continue it with the version of fitgap that began it")
    return WrittenSweep(row["id"], row["name"], prepared)


def present_name(store: Store, written: WrittenSweep) -> str:
    """The current name of a sweep; its number, which never changes, if the name cannot be read or is not valid."""
    try:
        name = str(store.sweep(written.sweep_id)["name"])
    except StoreError:
        name = ""
    # A database may contain invalid names; one that starts with a hyphen would be taken for an option.
    return name if is_sweep_name(name) and not name.startswith("-") else str(written.sweep_id)
