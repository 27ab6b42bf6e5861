"""`fitgap run`: train a sweep."""

import contextlib
from typing import TYPE_CHECKING, Annotated

from fitgap.runner.cli.commands.ui import page_beside
from fitgap.runner.cli.options import placement_flags, sweep_flags
from fitgap.runner.cli.options.common import Database
from fitgap.runner.cli.render.lines import report
from fitgap.runner.cli.terminal import train_new

if TYPE_CHECKING:
    from fitgap.runner.engine.placement import Placement
    from fitgap.runner.planning.preparation import PreparedSweep
    from fitgap.runner.spec import Budget

DryRun = Annotated[bool, placement_flags.flag("Show the plan without training.", "--dry-run", show_default=True)]

WithPage = Annotated[bool, placement_flags.flag("Open the web page while the sweep trains.", "--ui", show_default=True)]


def run(
    file: sweep_flags.File = None,
    name: sweep_flags.Name = None,
    data: sweep_flags.Data = None,
    target: sweep_flags.Target = None,
    validation: sweep_flags.Validation = None,
    test: sweep_flags.Test = None,
    preprocess: sweep_flags.Preprocess = None,
    target_scaling: sweep_flags.TargetScaling = None,
    stratified: sweep_flags.Stratified = None,
    resample: sweep_flags.Resample = None,
    missing: sweep_flags.Missing = None,
    text: sweep_flags.Text = None,
    strict: sweep_flags.Strict = None,
    inputs: sweep_flags.Inputs = None,
    ignore: sweep_flags.Ignore = None,
    categorical: sweep_flags.Categorical = None,
    dates: sweep_flags.Dates = None,
    target_kind: sweep_flags.TargetKind = None,
    separator: sweep_flags.Separator = None,
    decimal: sweep_flags.Decimal = None,
    encoding: sweep_flags.Encoding = None,
    missing_values: sweep_flags.MissingValues = None,
    weight: sweep_flags.Weight = None,
    sequence: sweep_flags.Sequence = None,
    lengths: sweep_flags.Lengths = None,
    class_weight: sweep_flags.ClassWeight = None,
    seed: sweep_flags.Seed = None,
    repeats: sweep_flags.Repeats = None,
    hidden: sweep_flags.Hidden = None,
    activation: sweep_flags.Activation = None,
    regularizer: sweep_flags.Regularizer = None,
    optimizer: sweep_flags.Optimizer = None,
    training_examples: sweep_flags.TrainingExamples = None,
    label_noise: sweep_flags.LabelNoise = None,
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
    search: sweep_flags.Search = None,
    only: sweep_flags.Only = None,
    halving: sweep_flags.Halving = None,
    hyperband: sweep_flags.Hyperband = None,
    median: sweep_flags.Median = None,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    drivers: placement_flags.Drivers = "auto",
    database: Database = None,
    max_trials: placement_flags.MaxTrials = None,
    max_time: placement_flags.MaxTime = None,
    max_epochs_total: placement_flags.MaxEpochsTotal = None,
    dry_run: DryRun = False,
    ui: WithPage = False,
) -> None:
    """Train every configuration of a sweep defined by a file, by options or by both."""
    from fitgap.runner.engine.placement import placement_of
    from fitgap.runner.planning.chosen import left_out, rounded_down
    from fitgap.runner.planning.idle_settings import idle_settings
    from fitgap.runner.planning.preparation import prepare_sweep
    from fitgap.runner.spec import Flags, budget_from_flags, sweep_from_flags

    flags = Flags(
        file=str(file) if file else None,
        name=name,
        data=data,
        target=[target] if target else [],
        validation=validation,
        test=test,
        preprocess=preprocess,
        target_scaling=target_scaling,
        stratified=stratified,
        resample=resample,
        missing=missing,
        text=text,
        strict=strict,
        inputs=inputs or [],
        ignore=ignore or [],
        categorical=categorical or [],
        dates=dates or [],
        target_kind=target_kind,
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        missing_values=missing_values or [],
        weight=weight,
        sequence=sequence,
        lengths=lengths,
        class_weight=class_weight,
        seed=seed,
        repeats=repeats,
        hidden=hidden or [],
        activation=activation or [],
        regularizer=regularizer or [],
        optimizer=optimizer or [],
        training_examples=training_examples or [],
        label_noise=label_noise or [],
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
        search=search,
        only=only,
        halving=halving,
        hyperband=hyperband,
        median=median,
    )
    limits = budget_from_flags(max_trials, max_time, max_epochs_total)
    prepared = prepare_sweep(sweep_from_flags(flags))
    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions, drivers)
    report(*prepared.report, *left_out(prepared), *rounded_down(prepared), *idle_settings(prepared))
    if dry_run:
        show_course(prepared, placement, database, limits)
        return
    with page_beside(database) if ui else contextlib.nullcontext():
        train_new(prepared, placement, database, limits=limits)


def show_course(prepared: "PreparedSweep", placement: "Placement", database: str | None, limits: "Budget") -> None:
    """Print what would be trained, the rungs or rounds of a sweep, and how many drivers would train it, where that is
    not one as usual.
    """
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.driver import budget_of, explained
    from fitgap.runner.planning.repeat_rounds import explain_rounds
    from fitgap.runner.planning.rungs import explain_rungs

    # Call this first: it raises an error for several drivers if only one is possible.
    drivers = explained(placement, database, prepared.trial_count, budget_of(prepared, limits))
    show_plan(prepared, placement)
    say(*explain_rungs(prepared), *explain_rounds(prepared), *filter(None, [drivers]))


def show_plan(prepared: "PreparedSweep", placement: "Placement") -> None:
    """Print what a sweep would train and in which packs."""
    from fitgap.core.kernels.selection import NUMPY, described, kernels
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.lines import say
    from fitgap.runner.cli.render.planned_table import print_planned
    from fitgap.runner.planning.configuration_rows import configuration_row
    from fitgap.runner.planning.pack_summary import packs_in_words
    from fitgap.runner.planning.packs import groups_of, planned_trials
    from fitgap.runner.system.cores import usable_cores

    rows = [configuration_row(each, prepared) for each in prepared.configurations]
    sweep, data = prepared.sweep, prepared.dataset
    print_planned(rows, sweep)
    count = f"{counted(len(rows), 'configuration')} × {counted(prepared.repeat_count, 'repeat')}"
    say(f"{sweep.name}: {count} = {counted(prepared.trial_count, 'trial')}")
    shape = f"{counted(data.example_count, 'example')}, {counted(data.input_count, 'input')}, "
    shape += counted(prepared.output_count, "output")
    say(f"on {data.name}: {shape}")
    if sweep.search and len(rows) < (wanted := sweep.search.trials // prepared.repeat_count):
        method = sweep.search.method
        say(f"the first of {wanted:,} configurations; {method} proposes the others from the results of these")
    recording, most = sweep.training.record, max(sweep.axes["epochs"])
    if not recording.is_complete:
        say(f"stores at most {recording.rows_of(most, most - 1)} of {most} epochs of a trial")
    cluster = placement.cluster
    workers = placement.workers or (cluster.workers if cluster else usable_cores())
    groups = groups_of(planned_trials(prepared), prepared)
    for line in packs_in_words(groups, workers=workers, cache=cluster.cache_bytes if cluster else None):
        say(line)
    say(f"training steps: {described(kernels.choice)}")
    if cluster and kernels.choice != NUMPY and cluster.without_compiler:
        say(f"with NumPy alone on nodes without llvmlite: {', '.join(cluster.without_compiler)}")
