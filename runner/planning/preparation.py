"""Preparation of a sweep: loading its data and validating it against its settings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os.path import isfile

import numpy as np
from fitgap.core.datasets import Dataset, Division, Split, split_examples
from fitgap.core.network_shape import NetworkShape
from fitgap.core.preprocessing import Preparation
from fitgap.core.target_coding import OutputReading
from fitgap.core.training_side import used_count
from fitgap.runner.data import (
    RULES,
    SplitRule,
    axes_line,
    is_file,
    load_file,
    load_named,
    load_redrawn,
    reading_report,
    source_defaults,
)
from fitgap.runner.data.named_set import Validation
from fitgap.runner.errors import DataError
from fitgap.runner.planning.checks import (
    check_folds,
    check_label_noise,
    check_outputs,
    check_resampling,
    check_signs,
    check_training_examples,
    class_weights,
    default_outputs,
)
from fitgap.runner.planning.data_variants import WHOLE, DataVariant, variant_of
from fitgap.runner.planning.networks import check_shapes, network_of
from fitgap.runner.spec import Configuration, DataSettings, Folds, Sweep
from fitgap.runner.spec.architectures import has_recurrent_layers


@dataclass(frozen=True)
class PreparedSweep:
    """A validated sweep with its data loaded, ready to be stored and run."""

    sweep: Sweep
    dataset: Dataset
    preparation: Preparation
    reading: OutputReading
    configurations: Sequence[Configuration]
    # The lines that a new sweep reports about its data.
    report: tuple[str, ...] = ()

    @property
    def repeat_count(self) -> int:
        """The initial number of trials per configuration: one per repeat and fold."""
        return self.sweep.repeats * max(1, self.preparation.division.folds)

    @property
    def most_repeats(self) -> int:
        """The largest number of trials that a configuration may have, including those added by rounds."""
        return self.sweep.most_repeats * max(1, self.preparation.division.folds)

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
            repeat: split_examples(self.dataset.of_repeat(repeat), division, seed=seed, repeat=repeat)
            for repeat in range(1, self.most_repeats + 1)
        }

    def preparation_for(self, configuration: Configuration) -> Preparation:
        """How the examples of a configuration are prepared."""
        variant = variant_of(configuration, self.sweep)
        return self.preparation if variant == WHOLE else variant.applied_to(self.preparation)

    def training_count(self, variant: DataVariant, repeat: int) -> int:
        """The number of training examples that a variant uses in a repeat. Raises ValueError if there are too few."""
        return used_count(len(self.splits[repeat].training), variant.training_examples)

    def network(self, configuration: Configuration) -> NetworkShape:
        """The shape of the networks of a configuration."""
        return network_of(self.dataset, configuration.architecture, self.output_count)


def prepare_sweep(sweep: Sweep) -> PreparedSweep:
    """Load the data and expand the axes.

    Raises DataError if the data cannot be read or split, SpecError if outputs or loss do not suit them.
    """
    is_new_file = is_file(sweep.data.source) and sweep.data.treatment is None
    sweep, dataset, report = with_data(sweep)
    data = sweep.data
    preparation = replace(preparation_of(data), class_weight=class_weights(dataset, data))
    try:
        if data.shape and dataset.is_padded:
            raise ValueError("with lengths, sequences have the axes of the array; leave out shape")
        if data.shape:
            dataset = replace(dataset, input_axes=data.shape)
        dataset = with_test_examples(dataset, data, sweep.seed)
        split = split_examples(dataset, preparation.division, seed=sweep.seed, repeat=1)
    except ValueError as error:
        raise DataError(f"{data.source}: {error}") from None
    outputs = sweep.training.outputs or default_outputs(data.source, dataset)
    if is_new_file and dataset.input_axes:
        # Recurrent layers take steps only, so the shape of an image would be refused. Dense networks do not depend on
        # axes, but convolutions may be added later, so they get the hint too.
        takes_steps = bool(data.sequence) or any(map(has_recurrent_layers, sweep.axes["architecture"]))
        is_told = bool(data.shape) or takes_steps or dataset.is_padded
        report.append(axes_line(dataset.input_axes, is_told=is_told))
    if is_new_file:
        # Imports polars, which sweeps over named data sets do without.
        from fitgap.runner.planning.suspicions import suspicions

        report += suspicions(dataset, split, data.source)
    prepared = PreparedSweep(sweep, dataset, preparation, outputs.variant, sweep.configurations(), tuple(report))
    check_axes(prepared)
    if sweep.search or sweep.only:
        # Imports the store for its filters, which grids do without.
        from fitgap.runner.planning.chosen import chosen_configurations

        return replace(prepared, configurations=chosen_configurations(prepared))
    return prepared


def check_axes(prepared: PreparedSweep) -> None:
    """Raise SpecError unless the data can be used with all alternatives of the axes."""
    sweep, dataset = prepared.sweep, prepared.dataset
    outputs = sweep.training.outputs or default_outputs(sweep.data.source, dataset)
    check_label_noise(sweep, dataset)
    check_folds(sweep, prepared.preparation)
    for loss in sweep.axes["loss"]:
        check_outputs(outputs, loss, dataset)
    check_shapes(sweep, dataset, prepared.output_count)
    check_signs(outputs, sweep.axes["output_activation"])
    if any(wanted is not None for wanted in sweep.axes["training_examples"]):
        check_training_examples(sweep, prepared.splits)


def with_data(sweep: Sweep) -> tuple[Sweep, Dataset, list[str]]:
    """The sweep with the treatment of its file, its data set, and a report if the treatment is new."""
    data = sweep.data
    check_resampling(data)
    if not is_file(data.source):
        name = data.source
        note = [f"data: the built-in set {name}; for the file of this name, write ./{name}"] if isfile(name) else []
        if data.sequence is not None:
            raise DataError(f"{name}: sequence makes windows over the rows of a file, but this is a built-in data set")
        if data.lengths is not None:
            raise DataError(f"{name}: lengths names an array of an NPZ file, but a built-in data set has none")
        if data.weight is not None:
            rule = f"{name}: weight names a column of a data file, but a built-in data set has none"
            raise DataError(f"{rule}; leave it out, or use class_weight")
        if data.resample == "data":
            return sweep, load_redrawn(name, data.options, data.target, sweep.seed, data.folds, data.splits), note
        return sweep, load_named(name, data.options, data.target, sweep.seed, data.splits), note
    loaded = load_file(data.source, data.options, data.target, data.file_choices, data.treatment)
    report = [] if data.treatment else reading_report(loaded)
    return replace(sweep, data=replace(data, treatment=loaded.treatment)), loaded.dataset, report


def division_of(split: "Validation | Folds | SplitRule", stratified: bool) -> Division:
    """The division that the split of a sweep specifies."""
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
        # If each step had its own scaling, that of the last steps would come from the few sequences that reach them.
        preprocess=data.preprocess or ("channel_standard" if data.lengths or data.sequence else defaults.preprocess),
        target_scaling=data.target_scaling or "standard",
        missing=data.treatment.missing if data.treatment else data.missing or "refuse",
        limits=has_limits(data),
    )


def has_limits(data: DataSettings) -> bool:
    """Whether inputs are limited: for files, except where the results of fitgap 0.1 are to be reproduced."""
    return data.treatment is not None and data.treatment.rules >= RULES and not data.strict
