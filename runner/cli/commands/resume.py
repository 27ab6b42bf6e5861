"""Commands for a sweep that is in the database already: resume, extend, retry, cancel, and replay of a trial."""

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.options import sweep_flags
from fitgap.runner.cli.options.common import Database, Format, OutputFormat, SweepArgument
from fitgap.runner.cli.render.lines import if_somebody_reads, report, say
from fitgap.runner.cli.training import (
    Address,
    CoresPerPack,
    Engine,
    MixedVersions,
    MostInFlight,
    Workers,
    finish,
    placement_of,
)

if TYPE_CHECKING:
    from fitgap.runner.driver import WrittenSweep
    from fitgap.runner.retraining import Replay
    from fitgap.runner.store import Store


class Ended(StrEnum):
    """How trials ended that may be tried again."""

    FAILED = "failed"
    CANCELLED = "cancelled"
    DIVERGED = "diverged"


def resume(
    sweep: SweepArgument,
    engine: Engine = "auto",
    workers: Workers = None,
    address: Address = None,
    cores_per_pack: CoresPerPack = None,
    most_in_flight: MostInFlight = None,
    mixed_versions: MixedVersions = False,
    database: Database = None,
) -> None:
    """Train what is not finished of a sweep, also what a driver that died has left."""
    where = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.driver import stored_sweep

    with known_sweep(database, sweep) as store:
        finish(store, lambda: stored_sweep(store, sweep), where, database)


def extend(
    sweep: SweepArgument,
    file: Annotated[
        str | None,
        typer.Argument(help="A sweep file on the same data, whose alternatives are added.", show_default=False),
    ] = None,
    repeats: sweep_flags.Repeats = None,
    hidden: sweep_flags.Hidden = None,
    activation: sweep_flags.Activation = None,
    regularizer: sweep_flags.Regularizer = None,
    optimizer: sweep_flags.Optimizer = None,
    epochs: sweep_flags.Epochs = None,
    batch_size: sweep_flags.BatchSize = None,
    schedule: sweep_flags.Schedule = None,
    stopping: sweep_flags.Stopping = None,
    initializer: sweep_flags.Initializer = None,
    output_activation: sweep_flags.OutputActivation = None,
    engine: Engine = "auto",
    workers: Workers = None,
    address: Address = None,
    cores_per_pack: CoresPerPack = None,
    most_in_flight: MostInFlight = None,
    mixed_versions: MixedVersions = False,
    database: Database = None,
) -> None:
    """Add alternatives, repeats or epochs to a sweep and train what it lacks; nothing is trained twice."""
    where = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.driver import extend_sweep
    from fitgap.runner.spec import Flags

    flags = Flags(
        file=file,
        repeats=repeats,
        hidden=hidden or [],
        activation=activation or [],
        regularizer=regularizer or [],
        optimizer=optimizer or [],
        epochs=epochs,
        batch_size=batch_size,
        schedule=schedule or [],
        stopping=stopping,
        initializer=initializer,
        output_activation=output_activation,
    )

    def write() -> "WrittenSweep":
        extended = extend_sweep(store, sweep, flags)
        going_on = f", {extended.continued} of them going on from finished ones" if extended.continued else ""
        report(f"{extended.written.name}: {counted(extended.new, 'new trial')}{going_on}")
        return extended.written

    with known_sweep(database, sweep) as store:
        finish(store, write, where, database)


def retry(
    sweep: SweepArgument,
    status: Annotated[
        list[Ended] | None, typer.Option(help="Which ended trials; else those that failed. Repeat.", show_default=False)
    ] = None,
    engine: Engine = "auto",
    workers: Workers = None,
    address: Address = None,
    cores_per_pack: CoresPerPack = None,
    most_in_flight: MostInFlight = None,
    mixed_versions: MixedVersions = False,
    database: Database = None,
) -> None:
    """Train the failed trials of a sweep again."""
    where = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.driver import stored_sweep
    from fitgap.runner.status import Status

    def write() -> "WrittenSweep":
        written = stored_sweep(store, sweep)
        count = store.retry_trials(written.sweep_id, [Status(each) for each in status or [Ended.FAILED]])
        report(f"{written.name}: {counted(count, 'trial')} to train again")
        return written

    with known_sweep(database, sweep) as store:
        finish(store, write, where, database)


def cancel(
    sweep: SweepArgument,
    trials: Annotated[
        list[int] | None, typer.Option("--trial", metavar="TRIAL", help="Only this trial. Repeat.", show_default=False)
    ] = None,
    database: Database = None,
) -> None:
    """Cancel what has not ended of a sweep, also what runs just now; `retry --status cancelled` undoes it."""
    with known_sweep(database, sweep) as store:
        row = store.sweep(sweep)
        report(f"{row['name']}: {counted(store.cancel_trials(row['id'], trials), 'trial')} cancelled")
        store.refresh_fit(row["id"])


def replay(
    trial: Annotated[int, typer.Argument(metavar="TRIAL", help="Number of a trial.", show_default=False)],
    database: Database = None,
    output_format: OutputFormat = Format.TABLE,
) -> None:
    """Train a trial again and compare every epoch with what is stored; exit code 1 where anything differs."""
    from fitgap.runner.retraining import replay as train_and_compare
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        result = train_and_compare(store, trial)
    with if_somebody_reads():
        print_result(trial, result, output_format)
    raise typer.Exit(0 if result.is_equal else 1)


def print_result(trial: int, result: "Replay", output_format: Format) -> None:
    """What came of a replay."""
    from fitgap.runner.cli.render.answers import print_csv, print_json

    rows = difference_rows(result)
    if output_format is Format.JSON:
        environment = {key: {"then": then, "now": now} for key, (then, now) in result.environment.items()}
        equal, epochs = result.is_equal, result.epochs
        print_json({"trial": trial, "epochs": epochs, "equal": equal, "differences": rows, "environment": environment})
    elif output_format is Format.CSV:
        print_csv(rows, ["quantity", "epochs", "largest", "at_epoch"])
    else:
        print_replay(result, rows)


def difference_rows(result: "Replay") -> list[dict[str, Any]]:
    """What differs, as rows; a number that is there only once differs by nothing that could be written."""
    return [
        {
            "quantity": each.quantity,
            "epochs": each.epochs,
            "largest": each.largest if each.largest < float("inf") else None,
            "at_epoch": each.at_epoch,
        }
        for each in result.differences
    ]


def print_replay(result: "Replay", rows: list[dict[str, Any]]) -> None:
    """What came of a replay, for people."""
    from fitgap.runner.cli.render.text_tables import print_table

    epochs = f"{result.epochs} epochs"
    if result.epochs < result.trained:
        epochs = f"{result.epochs} stored of {result.trained} epochs"
    if result.is_equal:
        say(f"trial {result.trial}: all {epochs} are the same to the last bit")
    else:
        print_table(rows, list(rows[0]), title=f"trial {result.trial}: what differs in {epochs}")
    for key, (then, now) in result.environment.items():
        say(f"{key}: {then} then, {now} now")


@contextlib.contextmanager
def known_sweep(database: str | None, sweep: str) -> Iterator["Store"]:
    """The store open for writing, after the sweep was found in it: where it is not, nothing is made or changed."""
    from fitgap.runner.store import open_store, open_store_for_writing

    with open_store(database) as reading:
        reading.sweep(sweep)
    with open_store_for_writing(database) as store:
        yield store
