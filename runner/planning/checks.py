"""Checks that the data of a sweep suit its settings: outputs, losses, subsets, label noise and resampling."""

import itertools
from collections.abc import Iterable, Mapping

from fitgap.core.datasets import Dataset, Split
from fitgap.core.example_weights import ClassWeight
from fitgap.core.losses import Loss
from fitgap.core.preprocessing import Preparation
from fitgap.core.target_coding import READINGS, TWO_CLASSES
from fitgap.core.training_side import used_count
from fitgap.runner.data import default_reading, is_file, not_drawn
from fitgap.runner.errors import DataError, SpecError, nearest
from fitgap.runner.spec import Choice, DataSettings, Sweep


def check_label_noise(sweep: Sweep, dataset: Dataset) -> None:
    """Raise SpecError if labels are to be replaced, but there are no other classes to choose from."""
    if any(sweep.axes["label_noise"]) and dataset.class_count < 2:
        kind = "numbers" if dataset.target_kind == "numbers" else "one class only"
        raise SpecError(
            f"label_noise: replaces classes by other classes, but the targets are {kind}; leave it out, or use a "
            "synthetic data set with noise, such as sine:noise=0.2",
            ("axes", "label_noise"),
        )


def check_folds(sweep: Sweep, preparation: Preparation) -> None:
    """Raise SpecError if rounds would add single folds of a cross-validation."""
    if sweep.rounds and preparation.division.folds:
        rule = f"repeats: rounds (from, to) cannot be combined with {preparation.division.folds} folds"
        raise SpecError(f"{rule}; give a share of validation examples, such as validation: 0.2", ("repeats",))


def check_training_examples(sweep: Sweep, splits: Mapping[int, Split]) -> None:
    """Raise SpecError if a repeat does not have as many training examples as a configuration uses."""
    for wanted in sweep.axes["training_examples"]:
        try:
            for split in splits.values():
                used_count(len(split.training), wanted)
        except ValueError as error:
            raise SpecError(f"training_examples: {error}", ("axes", "training_examples")) from None


def check_resampling(data: DataSettings) -> None:
    """Raise DataError if the data cannot be drawn anew for every repeat."""
    if data.resample != "data":
        return
    if is_file(data.source):
        raise DataError(not_drawn(data.source))
    if data.test is not None:
        raise DataError(
            "resample: data draws all examples anew for every repeat, so none can be kept for a test; leave out test"
        )


def class_weights(dataset: Dataset, data: DataSettings) -> ClassWeight:
    """The weights of the classes of a data set. DataError if targets are not classes or a class is unknown."""
    chosen = data.class_weight
    if chosen is None:
        return None
    if not dataset.class_count:
        rule = f"{data.source}: class_weight is for classes, but the targets are numbers"
        raise DataError(f"{rule}; use a weight for each example with --weight COLUMN or data.weight")
    if isinstance(chosen, str):
        return "balanced"
    for name in chosen:
        if name not in dataset.class_names:
            raise DataError(f"{data.source}: class_weight: no class '{name}'; {nearest(name, dataset.class_names)}")
    return tuple(chosen.get(name, 1.0) for name in dataset.class_names)


def default_outputs(source: str, dataset: Dataset) -> Choice:
    """The default coding of a data set's targets."""
    name = default_reading(source, dataset)
    return Choice(name, READINGS[name]())


def check_outputs(outputs: Choice, loss: Choice, dataset: Dataset) -> None:
    """Raise SpecError unless these outputs can represent the targets and the loss supports the outputs."""
    path = ("training", "outputs")
    if outputs.name == "unrecognized" and dataset.is_padded:
        rule = "training.outputs: unrecognized mixes inputs of several examples, but sequences have different lengths"
        raise SpecError(f"{rule}; use one_per_class", path)
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
    """Raise SpecError if outputs of −1 and 1 would be read as 0 and 1, or vice versa."""
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
