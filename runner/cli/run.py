"""`fitgap run` and `fitgap resume`: train a sweep."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli import sweep_flags
from runner.cli.options import Database

if TYPE_CHECKING:
    from runner.driver import WrittenSweep
    from runner.planning import PreparedSweep
    from runner.store import Store

PANEL = "Running it"
Engine = Annotated[
    str, typer.Option(help="Where to train: ray, local (in this process), or auto.", rich_help_panel=PANEL)
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Ray workers; else one per core.", rich_help_panel=PANEL, show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the trials, train nothing.", rich_help_panel=PANEL)]


def run(
    file: sweep_flags.File = None,
    name: sweep_flags.Name = None,
    data: sweep_flags.Data = None,
    target: sweep_flags.Target = None,
    validation: sweep_flags.Validation = None,
    preprocess: sweep_flags.Preprocess = None,
    target_scaling: sweep_flags.TargetScaling = None,
    stratified: sweep_flags.Stratified = None,
    missing: sweep_flags.Missing = None,
    text: sweep_flags.Text = None,
    seed: sweep_flags.Seed = None,
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
    loss: sweep_flags.Loss = None,
    outputs: sweep_flags.Outputs = None,
    measure: sweep_flags.Measure = None,
    keep: sweep_flags.Keep = None,
    dtype: sweep_flags.DType = None,
    engine: Engine = "auto",
    workers: Workers = None,
    database: Database = None,
    dry_run: DryRun = False,
) -> None:
    """Train every configuration of a sweep, given by a file, by flags, or both."""
    from runner.planning import prepare_sweep
    from runner.spec import Flags, sweep_from_flags

    flags = Flags(
        file=str(file) if file else None,
        name=name,
        data=data,
        target=[target] if target else [],
        validation=validation,
        preprocess=preprocess,
        target_scaling=target_scaling,
        stratified=stratified,
        missing=missing,
        text=text,
        seed=seed,
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
        loss=loss,
        outputs=outputs,
        measure=measure,
        keep=keep,
        dtype=dtype,
    )
    prepared = prepare_sweep(sweep_from_flags(flags))
    if dry_run:
        show_plan(prepared, workers)
        return
    check_engine(engine)
    from runner.driver import write_sweep
    from runner.store import open_store_for_writing

    with open_store_for_writing(database) as store:
        finish(store, write_sweep(store, prepared), engine, workers)


def resume(
    sweep: Annotated[str, typer.Argument(metavar="SWEEP", help="Name or number of a sweep.", show_default=False)],
    engine: Engine = "auto",
    workers: Workers = None,
    database: Database = None,
) -> None:
    """Train what is still pending of a sweep."""
    check_engine(engine)
    from runner.driver import stored_sweep
    from runner.store import open_store, open_store_for_writing

    with open_store(database) as reading:
        reading.sweep(sweep)
    with open_store_for_writing(database) as store:
        finish(store, stored_sweep(store, sweep), engine, workers)


def check_engine(engine: str) -> None:
    """Refuse an unknown engine before anything is written."""
    from runner.engine import require_engine

    require_engine(engine)


def finish(store: "Store", written: "WrittenSweep", engine: str, workers: int | None) -> None:
    """Drive a sweep to its end, print the leaderboard, exit with 1 where trials failed."""
    from runner.cli.leaderboard import print_leaderboard
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, drive, pending_trials
    from runner.packing import work_of

    work = work_of(pending_trials(store, written.sweep_id), written.prepared)
    try:
        with LiveProgress(work) as progress:
            drive(store, written, engine=engine, workers=workers, observe=progress)
    except SweepStoppedError as stopped:
        print(f"stopped; {stopped.released} trials in flight were put back", file=sys.stderr)
        print(f"go on with: fitgap resume {written.name}", file=sys.stderr)
        raise typer.Exit(130) from None
    failed = print_leaderboard(store, written)
    raise typer.Exit(1 if failed else 0)


def show_plan(prepared: "PreparedSweep", workers: int | None) -> None:
    """What a sweep would train and in which packs, without training it."""
    from runner.cli.tables import print_table, printable
    from runner.engine import usable_cores
    from runner.packing import explain_packs, planned_trials
    from runner.planning import configuration_row

    rows = [configuration_row(each, prepared) for each in prepared.configurations]
    keys = ["architecture", "activation", "regularizer", "optimizer", "batch_size", "planned_epochs", "parameters"]
    print_table(rows, keys)
    sweep, data = prepared.sweep, prepared.dataset
    count = f"{counted(len(rows), 'configuration')} × {counted(prepared.repeat_count, 'repeat')}"
    print(f"{sweep.name}: {count} = {counted(prepared.trial_count, 'trial')}")
    shape = f"{data.example_count} examples, {data.input_count} inputs, {prepared.output_count} outputs"
    print(f"on {printable(data.name)}: {shape}")
    for line in explain_packs(planned_trials(prepared), prepared, workers=workers or usable_cores()):
        print(line)


def counted(count: int, noun: str) -> str:
    """Such as `1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
