"""`fitgap resume`, `extend`, `retry` and `cancel`: commands for sweeps and trials in the database."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.options import placement_flags, sweep_flags
from fitgap.runner.cli.options.common import Database, SweepArgument, as_text
from fitgap.runner.cli.options.trial_argument import checked_trials, trial_number
from fitgap.runner.cli.render.lines import report, say
from fitgap.runner.cli.terminal import train_stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from fitgap.runner.driver import Extended, WrittenSweep
    from fitgap.runner.spec import Flags
    from fitgap.runner.store import Store


class Ended(StrEnum):
    """The statuses of trials that can be retried."""

    FAILED = "failed"
    CANCELLED = "cancelled"
    DIVERGED = "diverged"


def resume(
    sweep: SweepArgument,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    drivers: placement_flags.Drivers = "auto",
    max_trials: placement_flags.MaxTrials = None,
    max_time: placement_flags.MaxTime = None,
    max_epochs_total: placement_flags.MaxEpochsTotal = None,
    database: Database = None,
) -> None:
    """Train the unfinished trials of a sweep, including those left by a driver that died."""
    from fitgap.runner.engine.placement import placement_of
    from fitgap.runner.spec import budget_from_flags

    limits = budget_from_flags(max_trials, max_time, max_epochs_total)
    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions, drivers)
    from fitgap.runner.driver import stored_sweep

    train_stored(sweep, lambda store: stored_sweep(store, sweep), placement, database, limits)


def extend(
    sweep: SweepArgument,
    file: Annotated[
        str | None,
        typer.Argument(help="Sweep file with the same data; its alternatives are added.", show_default=False),
    ] = None,
    repeats: sweep_flags.Repeats = None,
    hidden: sweep_flags.Hidden = None,
    activation: sweep_flags.Activation = None,
    regularizer: sweep_flags.Regularizer = None,
    optimizer: sweep_flags.Optimizer = None,
    preprocess: sweep_flags.Preprocess = None,
    loss: sweep_flags.Loss = None,
    training_examples: sweep_flags.TrainingExamples = None,
    label_noise: sweep_flags.LabelNoise = None,
    epochs: sweep_flags.Epochs = None,
    batch_size: sweep_flags.BatchSize = None,
    schedule: sweep_flags.Schedule = None,
    stopping: sweep_flags.Stopping = None,
    initializer: sweep_flags.Initializer = None,
    output_activation: sweep_flags.OutputActivation = None,
    pruned: Annotated[
        bool, typer.Option("--pruned", help="Continue the pruned trials to their end instead of adding trials.")
    ] = False,
    where: Annotated[
        str | None,
        typer.Option(
            metavar="FILTER",
            help='With --pruned: only configurations with a pruned trial that matches, such as "rung >= 9".',
            show_default=False,
            callback=as_text,
        ),
    ] = None,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be added; write and train nothing.")
    ] = False,
    database: Database = None,
) -> None:
    """Add alternatives, repeats or epochs to a sweep and train only what is missing; or continue its pruned trials."""
    from fitgap.runner.engine.placement import placement_of

    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.spec import Flags

    flags = Flags(
        file=file,
        repeats=repeats,
        hidden=hidden or [],
        activation=activation or [],
        regularizer=regularizer or [],
        optimizer=optimizer or [],
        preprocess=preprocess,
        loss=loss,
        training_examples=training_examples or [],
        label_noise=label_noise or [],
        epochs=epochs,
        batch_size=batch_size,
        schedule=schedule or [],
        stopping=stopping,
        initializer=initializer,
        output_activation=output_activation,
    )

    extension = extension_of(sweep, flags, where, is_of_pruned=pruned)
    if dry_run:
        show_extension(extension, database)
        return

    def change(store: "Store") -> "WrittenSweep":
        extended = extension(store)
        report(extension_line(extended))
        return extended.written

    train_stored(sweep, change, placement, database)


def extension_of(sweep: str, flags: "Flags", where: str | None, *, is_of_pruned: bool) -> "Callable[..., Extended]":
    """What extends the sweep in a store. Raises SpecError for options that do not go together."""
    from fitgap.runner.driver import continue_pruned, extend_sweep
    from fitgap.runner.errors import SpecError

    if not is_of_pruned and where is not None:
        raise SpecError("--where chooses among pruned trials; use it with --pruned")
    if not is_of_pruned:
        return lambda store, **options: extend_sweep(store, sweep, flags, **options)
    if any(vars(flags).values()):
        raise SpecError("--pruned only continues pruned trials; leave out the options that add trials")
    return lambda store, **options: continue_pruned(store, sweep, where, **options)


def extension_line(extended: "Extended") -> str:
    """How many trials are new, and how many of these continue finished ones; or how many pruned ones train on."""
    if not extended.new and extended.continued:
        left = "" if extended.epochs is None else f", with {counted(extended.epochs, 'epoch')} left"
        return f"{extended.written.name}: {counted(extended.continued, 'pruned trial')} to continue{left}"
    continued = f", {extended.continued} of them continuing finished trials" if extended.continued else ""
    rounds = extended.written.prepared.sweep.rounds
    more = f"; rounds add up to {rounds.most} repeats of configurations that could be the best" if rounds else ""
    return f"{extended.written.name}: {counted(extended.new, 'new trial')}{continued}{more}"


def show_extension(extension: "Callable[..., Extended]", database: str | None) -> None:
    """Print what would be added to a sweep."""
    from fitgap.runner.cli.render.planned_table import print_planned
    from fitgap.runner.store import open_store_for_writing

    with open_store_for_writing(database) as store:
        extended = extension(store, is_kept=False)
    if extended.configurations:
        print_planned(extended.configurations, extended.written.prepared.sweep)
    say(extension_line(extended))


def retry(
    sweep: SweepArgument,
    status: Annotated[
        list[Ended] | None,
        typer.Option(help="Status of the trials to retry (default: failed). Repeatable.", show_default=False),
    ] = None,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    database: Database = None,
) -> None:
    """Train the failed trials of a sweep again."""
    from fitgap.runner.engine.placement import placement_of

    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.driver import stored_sweep
    from fitgap.runner.trial_status import Status

    def change(store: "Store") -> "WrittenSweep":
        written = stored_sweep(store, sweep)
        count = store.retry_trials(written.sweep_id, [Status(each) for each in status or [Ended.FAILED]])
        report(f"{written.name}: {counted(count, 'trial')} to train again")
        return written

    train_stored(sweep, change, placement, database)


def cancel(
    sweep: SweepArgument,
    trials: Annotated[
        list[str] | None,
        typer.Option(
            "--trial",
            metavar="TRIAL",
            help="Cancel only this trial. Repeatable.",
            show_default=False,
            callback=checked_trials,
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Cancel the pending and running trials of a sweep; `retry --status cancelled` undoes it."""
    from fitgap.runner.driver import stored_sweep_opened

    with stored_sweep_opened(database, sweep) as store:
        row = store.sweep(sweep)
        numbers = [trial_number(each) for each in trials] if trials else None
        report(f"{row['name']}: {counted(store.cancel_trials(row['id'], numbers), 'trial')} cancelled")
        store.refresh_fit(row["id"])
