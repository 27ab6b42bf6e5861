"""The plan of a sweep: the rows to store before its first trial starts, and those that extensions add."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from fitgap.core.datasets import Dataset, Split
from fitgap.core.floor import Floor, floor_of
from fitgap.core.preprocessing import (
    constant_columns,
    encoded_targets,
    encoded_weights,
    learned_transform,
    target_scaling,
    used_examples,
)
from fitgap.core.scaling import InputTransform
from fitgap.runner.data import draw_fingerprint, fingerprint, is_file, is_in_memory, kept_content
from fitgap.runner.errors import DataError
from fitgap.runner.planning.checks import as_loss
from fitgap.runner.planning.chosen import FirstGeneration, variants_of_plan
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.data_variants import WHOLE, DataVariant
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Sweep

# The store is imported only when the plan is made, so that training processes can be started earlier.
if TYPE_CHECKING:
    from fitgap.runner.store import SweepPlan

# For each input, at most this many examples with limited values are stored.
MOST_LIMITED = 10


def sweep_plan(prepared: PreparedSweep) -> "SweepPlan":
    """Everything that is stored about a sweep before its first trial starts."""
    from fitgap.runner.store import SweepPlan

    sweep = prepared.sweep
    return SweepPlan(
        name=sweep.name,
        specification=with_absolute_path(sweep).canonical(),
        data_set={**data_set_row(prepared.dataset), **content_row(sweep.data.source)},
        splits=[split_row(prepared, repeat, split) for repeat, split in prepared.splits.items()],
        variants=variant_rows(prepared, variants_of_plan(prepared), prepared.splits),
        configurations=ConfigurationRows(prepared),
        program_version=version("fitgap"),
    )


@dataclass(frozen=True)
class ConfigurationRows(Iterable[dict[str, Any]]):
    """The rows of a sweep's configurations, created one by one while they are written."""

    prepared: PreparedSweep

    def __iter__(self) -> Iterator[dict[str, Any]]:
        configurations = self.prepared.configurations
        if isinstance(configurations, FirstGeneration):
            return (
                {**configuration_row(each.configuration, self.prepared), "proposal": each.point}
                for each in configurations.proposals
            )
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
    return {
        "repeat": repeat,
        **learned_row(prepared, WHOLE, repeat),
        "validation_count": len(split.validation),
        "validation_classes": class_counts(prepared.dataset.of_repeat(repeat), split),
        "fingerprint": draw_fingerprint(prepared.dataset, repeat),
    }


def variant_rows(
    prepared: PreparedSweep, variants: Iterable[DataVariant], repeats: Collection[int]
) -> list[dict[str, Any]]:
    """The rows of these variants and their `of_peers`, with what differs from the split; none for the split itself."""
    return [
        {"variant": variant.label, "repeat": repeat} | learned_row(prepared, variant, repeat)
        for variant in dict.fromkeys(each for variant in variants for each in (variant, variant.of_peers))
        if variant.label is not None
        for repeat in repeats
    ]


def learned_row(prepared: PreparedSweep, variant: DataVariant, repeat: int) -> dict[str, Any]:
    """The columns learned from the training examples used in a repeat: preprocessing and best constant."""
    dataset, whole = prepared.dataset.of_repeat(repeat), prepared.splits[repeat]
    preparation = variant.applied_to(prepared.preparation)
    split = used_examples(dataset, preparation, whole, seed=prepared.sweep.seed, repeat=repeat)
    transform = learned_transform(dataset.inputs[split.training], preparation, dataset.axes, dataset.is_padded)
    scaling = target_scaling(dataset, preparation, whole)
    learned = {
        "input_fill": transform.fill,
        "input_shift": transform.shift,
        "input_factor": transform.factor,
        "target_shift": scaling.shift,
        "target_factor": scaling.factor,
    }
    if transform.low is not None and transform.high is not None:
        learned |= {"input_low": transform.low, "input_high": transform.high}
    floor = floor_of_repeat(prepared, variant, repeat)
    numbers = {
        name: [value if isfinite(value) else None for value in values.tolist()] for name, values in learned.items()
    }
    return {
        "preprocessing": {**numbers, "limited": limited_examples(dataset, split, transform)},
        "training_count": len(split.training),
        "constant_columns": list(constant_columns(dataset, preparation, split)),
        "constant_e_t": floor.e_t,
        "constant_e_v": floor.e_v,
        "constant_errors": floor.sample.astype("<f4").tobytes(),
    }


def class_counts(dataset: Dataset, split: Split) -> list[int]:
    """The number of validation examples of each class; empty for numeric targets."""
    if not dataset.class_count:
        return []
    numbers = dataset.targets[split.validation, 0].astype(int)
    counts: list[int] = np.bincount(numbers, minlength=dataset.class_count).tolist()
    return counts


def limited_examples(dataset: Dataset, split: Split, transform: InputTransform) -> dict[str, list[int]]:
    """For each input with limited values, the numbers (from 1) of the first validation examples that have them."""
    if transform.low is None:
        return {}
    beyond = transform.beyond(dataset.inputs[split.validation])
    found = {}
    for column in np.flatnonzero(beyond.any(axis=0)).tolist():
        rows = split.validation[np.flatnonzero(beyond[:, column])[:MOST_LIMITED]]
        found[dataset.input_names[column]] = (rows + 1).tolist()
    return found


def floor_of_repeat(prepared: PreparedSweep, variant: DataVariant, repeat: int) -> Floor:
    """The errors of the best constant prediction in a repeat."""
    training, seed = prepared.sweep.training, prepared.sweep.seed
    whole, preparation = prepared.splits[repeat], variant.applied_to(prepared.preparation)
    loss = as_loss(variant.loss or training.loss)
    of_split = prepared.dataset.of_repeat(repeat), preparation, prepared.reading, whole
    targets = encoded_targets(*of_split, seed=seed, repeat=repeat)
    try:
        weights = encoded_weights(*of_split, seed=seed, repeat=repeat)
    except ValueError as error:
        raise DataError(f"{prepared.sweep.data.source}: repeat {repeat}: {error}") from None
    return floor_of(targets, loss, seed=seed, repeat=repeat, measured_examples=training.measure, weights=weights)
