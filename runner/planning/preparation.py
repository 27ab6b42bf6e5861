"""Preparation of a sweep: loading its data, validating it, and planning the rows to store before it runs."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from math import isfinite
from os.path import isfile
from typing import TYPE_CHECKING, Any

import numpy as np
from fitgap.core.datasets import Dataset, Division, Split, split_examples
from fitgap.core.floor import Floor, floor_of
from fitgap.core.layers import Layout
from fitgap.core.losses import Loss
from fitgap.core.preprocessing import (
    InputTransform,
    Preparation,
    constant_columns,
    encoded_targets,
    learned_transform,
    target_scaling,
)
from fitgap.core.target_coding import READINGS, TWO_CLASSES, Reading
from fitgap.runner.data import (
    RULES,
    SplitRule,
    default_reading,
    fingerprint,
    is_file,
    is_in_memory,
    kept_content,
    load_file,
    load_named,
    reading_report,
    source_defaults,
)
from fitgap.runner.data.named_set import Validation
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.spec import Choice, Configuration, DataSettings, Folds, Sweep

# The store is imported only when the plan is made, so that training processes can be started earlier.
if TYPE_CHECKING:
    from fitgap.runner.store import SweepPlan


# Of the examples with limited inputs, the first are named.
MOST_LIMITED = 10


@dataclass(frozen=True)
class PreparedSweep:
    """A validated sweep with its data loaded, ready to be stored and run."""

    sweep: Sweep
    dataset: Dataset
    preparation: Preparation
    reading: Reading
    configurations: Sequence[Configuration]
    # What a new sweep says about how its file was read.
    report: tuple[str, ...] = ()

    @property
    def repeat_count(self) -> int:
        """Trials per configuration: one per repeat and fold."""
        return self.sweep.repeats * max(1, self.preparation.division.folds)

    @property
    def trial_count(self) -> int:
        return len(self.configurations) * self.repeat_count

    @property
    def output_count(self) -> int:
        return self.reading.output_count(self.dataset.class_count, self.dataset.target_count)

    @cached_property
    def splits(self) -> dict[int, Split]:
        """The split of every repeat, by repeat number."""
        division, seed = self.preparation.division, self.sweep.seed
        return {
            repeat: split_examples(self.dataset, division, seed=seed, repeat=repeat)
            for repeat in range(1, self.repeat_count + 1)
        }

    def layers(self, configuration: Configuration) -> tuple[int, ...]:
        """The number of units in every layer of a configuration, inputs first."""
        return (self.dataset.input_count, *configuration.architecture, self.output_count)


def prepare_sweep(sweep: Sweep) -> PreparedSweep:
    """Load the data and expand the axes.

    Raises DataError if the data cannot be read or split, SpecError if outputs or loss do not suit them.
    """
    sweep, dataset, report = with_data(sweep)
    data = sweep.data
    preparation = preparation_of(data)
    try:
        dataset = with_test_examples(dataset, data, sweep.seed)
        split_examples(dataset, preparation.division, seed=sweep.seed, repeat=1)
    except ValueError as error:
        raise DataError(f"{data.source}: {error}") from None
    outputs = sweep.training.outputs or default_outputs(data.source, dataset)
    check_outputs(outputs, sweep.training.loss, dataset)
    check_signs(outputs, sweep.axes["output_activation"])
    return PreparedSweep(sweep, dataset, preparation, outputs.variant, sweep.configurations(), tuple(report))


def with_data(sweep: Sweep) -> tuple[Sweep, Dataset, list[str]]:
    """The sweep with the treatment of its file, its data set, and a report if the treatment is new."""
    data = sweep.data
    if not is_file(data.source):
        name = data.source
        note = [f"data: the built-in set {name}; for the file of this name, write ./{name}"] if isfile(name) else []
        return sweep, load_named(name, data.options, data.target, sweep.seed), note
    loaded = load_file(data.source, data.options, data.target, data.file_choices, data.treatment)
    report = [] if data.treatment else reading_report(loaded)
    return replace(sweep, data=replace(data, treatment=loaded.treatment)), loaded.dataset, report


def division_of(split: "Validation | Folds | SplitRule", stratified: bool) -> Division:
    """The division by a split as the sweep says it."""
    if isinstance(split, SplitRule):
        return Division(split.amount, split.folds, stratified, split.rule)
    if isinstance(split, Folds):
        return Division(folds=split.count, stratified=stratified)
    return Division(split, stratified=stratified)


def with_test_examples(dataset: Dataset, data: DataSettings, seed: int) -> Dataset:
    """The data set with its test examples marked; they depend on the seed alone. ValueError if there are none."""
    if data.test is None:
        return dataset
    marks = dict(dataset.marks)
    chosen = {"validation": marks.pop("test")} if "test" in marks else {}
    # Repeats count from 1, so no split of a repeat has the same random numbers.
    split = split_examples(replace(dataset, marks=chosen), division_of(data.test, data.stratified), seed=seed, repeat=0)
    is_test = np.zeros(dataset.example_count, bool)
    is_test[split.validation] = True
    return replace(dataset, marks={**marks, "test": is_test})


def preparation_of(data: DataSettings) -> Preparation:
    """How the examples are split and scaled; the source's defaults apply to what the sweep does not specify."""
    defaults = source_defaults(data.source)
    validation = defaults.validation if data.validation is None else data.validation
    division = division_of(validation, data.stratified)
    return Preparation(
        division=division,
        preprocess=data.preprocess or defaults.preprocess,
        target_scaling=data.target_scaling or "standard",
        missing=data.treatment.missing if data.treatment else data.missing or "refuse",
        limits=has_limits(data),
    )


def has_limits(data: DataSettings) -> bool:
    """Whether inputs are limited: in files, except where the numbers of fitgap 0.1 are promised."""
    return data.treatment is not None and data.treatment.rules >= RULES and not data.strict


def default_outputs(source: str, dataset: Dataset) -> Choice:
    """The default coding of a data set's targets."""
    name = default_reading(source, dataset)
    return Choice(name, READINGS[name]())


def check_outputs(outputs: Choice, loss: Choice, dataset: Dataset) -> None:
    """Raise SpecError unless these outputs can represent the targets and the loss supports the outputs."""
    path = ("training", "outputs")
    if outputs.variant.for_classes != (dataset.target_kind == "classes"):
        fitting = ", ".join(name for name, kind in READINGS.items() if kind.for_classes != outputs.variant.for_classes)
        raise SpecError(f"training.outputs: {outputs.name} is not for {dataset.target_kind}; use {fitting}", path)
    if outputs.name in TWO_CLASSES and dataset.class_count != 2:
        raise SpecError(
            f"training.outputs: {outputs.name} is for two classes, but there are {dataset.class_count}; "
            "use one_per_class or intervals",
            path,
        )
    readings = as_loss(loss).readings
    if readings and outputs.name not in readings:
        raise SpecError(
            f"training.loss: {loss.name} needs the outputs {' or '.join(readings)}, but they are {outputs.name}; "
            "change training.outputs or use half_squared_error",
            ("training", "loss"),
        )


def check_signs(outputs: Choice, output_activations: Iterable[tuple[Choice, ...]]) -> None:
    """Raise SpecError if outputs of −1 and 1 would be read as 0 and 1, or the other way round."""
    fitting = {"sign": "signs", "threshold": "zero_one"}
    for choice in itertools.chain.from_iterable(output_activations):
        if outputs.name in TWO_CLASSES and fitting.get(choice.name, outputs.name) != outputs.name:
            raise SpecError(
                f"training.outputs: {outputs.name} does not go with the output activation {choice.name}; "
                f"use {fitting[choice.name]}",
                ("training", "outputs"),
            )


def as_loss(choice: Choice) -> Loss:
    loss: Loss = choice.variant
    return loss


def sweep_plan(prepared: PreparedSweep) -> "SweepPlan":
    """Everything that is stored about a sweep before its first trial starts."""
    from fitgap.runner.store import SweepPlan

    sweep = prepared.sweep
    return SweepPlan(
        name=sweep.name,
        specification=with_absolute_path(sweep).canonical(),
        data_set={**data_set_row(prepared.dataset), **content_row(sweep.data.source)},
        splits=[split_row(prepared, repeat, split) for repeat, split in prepared.splits.items()],
        configurations=ConfigurationRows(prepared),
        program_version=version("fitgap"),
    )


@dataclass(frozen=True)
class ConfigurationRows(Iterable[dict[str, Any]]):
    """The rows of a sweep's configurations, created one by one while they are written."""

    prepared: PreparedSweep

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (configuration_row(each, self.prepared) for each in self.prepared.configurations)


def with_absolute_path(sweep: Sweep) -> Sweep:
    """The sweep with the absolute paths of its data files, so that it can be resumed from any folder."""
    return replace(sweep, data=sweep.data.with_absolute_paths()) if is_file(sweep.data.source) else sweep


def content_row(source: str) -> dict[str, bytes]:
    """The content to store with a data set that came from memory."""
    return {"content": kept_content(source)} if is_in_memory(source) else {}


def data_set_row(dataset: Dataset) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "fingerprint": fingerprint(dataset),
        "example_count": dataset.example_count,
        "target_kind": dataset.target_kind,
        "input_names": list(dataset.input_names),
        "target_names": list(dataset.target_names),
        "class_names": list(dataset.class_names),
    }


def split_row(prepared: PreparedSweep, repeat: int, split: Split) -> dict[str, Any]:
    """A split with the learned preprocessing, as JSON-ready data: NaN becomes null."""
    dataset, preparation = prepared.dataset, prepared.preparation
    transform = learned_transform(dataset.inputs[split.training], preparation)
    scaling = target_scaling(dataset, preparation, split)
    learned = {
        "input_fill": transform.fill,
        "input_shift": transform.shift,
        "input_factor": transform.factor,
        "target_shift": scaling.shift,
        "target_factor": scaling.factor,
    }
    if transform.low is not None and transform.high is not None:
        learned |= {"input_low": transform.low, "input_high": transform.high}
    floor = floor_of_split(prepared, repeat, split)
    numbers = {
        name: [value if isfinite(value) else None for value in values.tolist()] for name, values in learned.items()
    }
    return {
        "preprocessing": {**numbers, "limited": limited_examples(dataset, split, transform)},
        "repeat": repeat,
        "training_count": len(split.training),
        "validation_count": len(split.validation),
        "constant_columns": list(constant_columns(dataset, split)),
        "constant_e_t": floor.e_t,
        "constant_e_v": floor.e_v,
        "constant_errors": floor.sample.astype("<f4").tobytes(),
        "validation_classes": class_counts(dataset, split),
    }


def class_counts(dataset: Dataset, split: Split) -> list[int]:
    """The number of validation examples of every class; empty for numbers."""
    if not dataset.class_count:
        return []
    numbers = dataset.targets[split.validation, 0].astype(int)
    counts: list[int] = np.bincount(numbers, minlength=dataset.class_count).tolist()
    return counts


def limited_examples(dataset: Dataset, split: Split, transform: InputTransform) -> dict[str, list[int]]:
    """The first validation examples, from 1, whose inputs are limited, by the name of the input."""
    beyond = transform.beyond(dataset.inputs[split.validation])
    found = {}
    for column in np.flatnonzero(beyond.any(axis=0)).tolist():
        rows = split.validation[np.flatnonzero(beyond[:, column])[:MOST_LIMITED]]
        found[dataset.input_names[column]] = (rows + 1).tolist()
    return found


def floor_of_split(prepared: PreparedSweep, repeat: int, split: Split) -> Floor:
    """The errors of the best constant prediction in a repeat."""
    training = prepared.sweep.training
    targets = encoded_targets(prepared.dataset, prepared.preparation, prepared.reading, split)
    seed, measured = prepared.sweep.seed, training.measure
    return floor_of(targets, as_loss(training.loss), seed=seed, repeat=repeat, measured_examples=measured)


def configuration_row(configuration: Configuration, prepared: PreparedSweep) -> dict[str, Any]:
    """A configuration's labels and numbers for queries and display, with its canonical settings."""
    layers = prepared.layers(configuration)
    return {
        "hash": configuration.hash,
        "settings": configuration.canonical(),
        "architecture": configuration.architecture_label,
        "layers": "-".join(map(str, layers)),
        "activation": configuration.activation_label,
        "output_activation": configuration.output_activation_label,
        "initializer": configuration.initializer.label,
        "regularizer": configuration.regularizer_label,
        "optimizer": configuration.optimizer.label,
        "schedule": configuration.schedule.label,
        "stopping": configuration.stopping_label,
        "loss": configuration.loss.label,
        "learning_rate": configuration.optimizer.variant.rate,
        "batch_size": configuration.batch_size,
        "planned_epochs": configuration.epochs,
        "parameters": Layout(layers).parameter_count,
    }
