"""`fitgap run`: train a sweep."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options import sweep_flags
from fitgap.runner.cli.options.common import Database
from fitgap.runner.cli.training import (
    RUNNING,
    Address,
    CoresPerPack,
    Engine,
    MixedVersions,
    MostInFlight,
    Placement,
    Workers,
    finish,
    placement_of,
)

if TYPE_CHECKING:
    from fitgap.runner.planning.sweep import PreparedSweep

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
    record: sweep_flags.Record = None,
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
    from fitgap.runner.planning.sweep import prepare_sweep
    from fitgap.runner.spec import Flags, sweep_from_flags

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
        record=record,
        keep=keep,
        dtype=dtype,
    )
    prepared = prepare_sweep(sweep_from_flags(flags))
    where = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    if dry_run:
        show_plan(prepared, where)
        return
    write_and_train(prepared, where, database)


def write_and_train(prepared: "PreparedSweep", where: Placement, database: str | None) -> None:
    """Write the sweep and train it, in processes that load what they need while it is written."""
    from fitgap.runner.engine import early_processes
    from fitgap.runner.planning.packs import planned_work

    with early_processes(where.engine, prepared.dataset, where.workers, planned_work(prepared)) as early:
        from fitgap.runner.driver import write_sweep
        from fitgap.runner.store import open_store_for_writing

        with open_store_for_writing(database) as store:
            finish(store, lambda: write_sweep(store, prepared), replace(where, early=early), database)


def show_plan(prepared: "PreparedSweep", where: Placement) -> None:
    """What a sweep would train and in which packs, without training it."""
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.planning.packs import explain_packs, groups_of, planned_trials
    from fitgap.runner.planning.sweep import configuration_row
    from fitgap.runner.system.cores import usable_cores

    rows = [configuration_row(each, prepared) for each in prepared.configurations]
    keys = ["architecture", "activation", "regularizer", "optimizer", "batch_size", "planned_epochs", "parameters"]
    print_table(rows, keys)
    sweep, data = prepared.sweep, prepared.dataset
    count = f"{counted(len(rows), 'configuration')} × {counted(prepared.repeat_count, 'repeat')}"
    say(f"{sweep.name}: {count} = {counted(prepared.trial_count, 'trial')}")
    shape = f"{counted(data.example_count, 'example')}, {counted(data.input_count, 'input')}, "
    shape += counted(prepared.output_count, "output")
    say(f"on {data.name}: {shape}")
    recording, most = sweep.training.record, max(sweep.axes["epochs"])
    if not recording.is_complete:
        say(f"stores at most {recording.rows_of(most, most - 1)} of {most} epochs of a trial")
    cluster = where.cluster
    workers = where.workers or (cluster.workers if cluster else usable_cores())
    groups = groups_of(planned_trials(prepared), prepared)
    for line in explain_packs(groups, workers=workers, cache=cluster.cache_bytes if cluster else None):
        say(line)
