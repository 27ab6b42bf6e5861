"""`fitgap run`: train a sweep."""

from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli import sweep_flags
from runner.cli.driving import (
    RUNNING,
    Address,
    CoresPerPack,
    Engine,
    MixedVersions,
    MostInFlight,
    Workers,
    finish,
    where_to_train,
)
from runner.cli.options import Database

if TYPE_CHECKING:
    from runner.planning import PreparedSweep

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the trials, train nothing.", rich_help_panel=RUNNING)]


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
    address: Address = None,
    cores_per_pack: CoresPerPack = None,
    most_in_flight: MostInFlight = None,
    mixed_versions: MixedVersions = False,
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
    where = where_to_train(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from runner.driver import write_sweep
    from runner.store import open_store_for_writing

    with open_store_for_writing(database) as store:
        finish(store, write_sweep(store, prepared), where)


def show_plan(prepared: "PreparedSweep", workers: int | None) -> None:
    """What a sweep would train and in which packs, without training it."""
    from runner.cli.tables import print_table, printable
    from runner.engine import usable_cores
    from runner.packing import explain_packs, groups_of, planned_trials
    from runner.planning import configuration_row

    rows = [configuration_row(each, prepared) for each in prepared.configurations]
    keys = ["architecture", "activation", "regularizer", "optimizer", "batch_size", "planned_epochs", "parameters"]
    print_table(rows, keys)
    sweep, data = prepared.sweep, prepared.dataset
    count = f"{counted(len(rows), 'configuration')} × {counted(prepared.repeat_count, 'repeat')}"
    print(f"{sweep.name}: {count} = {counted(prepared.trial_count, 'trial')}")
    shape = f"{data.example_count} examples, {data.input_count} inputs, {prepared.output_count} outputs"
    print(f"on {printable(data.name)}: {shape}")
    for line in explain_packs(groups_of(planned_trials(prepared), prepared), workers=workers or usable_cores()):
        print(line)


def counted(count: int, noun: str) -> str:
    """Such as `1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
