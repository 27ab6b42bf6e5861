"""The examples of a sweep or a trial as columns, with the side that each is on, as read or as networks receive them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from fitgap.core.datasets import Dataset, Split
from fitgap.core.preprocessing import learned_transform, target_scaling, used_examples
from fitgap.core.training_side import noisy_targets
from fitgap.runner.data.scaled_files import SCALED
from fitgap.runner.driver import stored_sweep
from fitgap.runner.errors import StoreError
from fitgap.runner.planning.data_variants import WHOLE, DataVariant, variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.retraining import stored_trial
from fitgap.runner.store import Store


class Side(StrEnum):
    """What an example is used for. A trial that uses only a part of the training examples leaves the others unused."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"
    UNUSED = "unused"


@dataclass(frozen=True)
class UsedExamples:
    """Examples of a repeat: their numbers (N,) from 1 in the order of the data, sides (N,), inputs (N, n_0) and
    targets (N, m).

    Classes are given by number, with their names in `class_names`. `replaced` (N,) marks labels that differ from the
    data; None without label noise. If `is_scaled`, inputs and numeric targets are as networks receive them.
    """

    numbers: np.ndarray
    sides: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...]
    replaced: np.ndarray | None = None
    is_scaled: bool = False

    def first(self, most: int | None) -> "UsedExamples":
        """The first `most` examples; all if `most` is None."""
        replaced = None if self.replaced is None else self.replaced[:most]
        parts = {name: getattr(self, name)[:most] for name in ("numbers", "sides", "inputs", "targets")}
        return replace(self, **parts, replaced=replaced)

    def columns(self) -> dict[str, np.ndarray]:
        """The columns of a table by name, each (N,). If a name is taken, an input or target gets a number appended."""
        found = {"example": self.numbers, "side": self.sides}
        if self.replaced is not None:
            found["replaced"] = self.replaced
        if self.is_scaled:
            found[SCALED] = np.ones(len(self.numbers), bool)
        names = (*self.input_names, *self.target_names)
        for name, values in zip(names, (*self.inputs.T, *self.named_targets()), strict=True):
            found[free_name(name, found)] = values
        return found

    def named_targets(self) -> Sequence[np.ndarray]:
        """The targets, column by column; classes by their names."""
        if not self.class_names:
            return list(self.targets.T)
        return [np.array(self.class_names, object)[column.astype(int)] for column in self.targets.T]

    def arrays(self) -> dict[str, np.ndarray]:
        """The same as arrays for an NPZ file."""
        texts = {name: getattr(self, name) for name in ("input_names", "target_names", "class_names")}
        found = {
            "example": self.numbers,
            "side": self.sides.astype(str),
            "inputs": self.inputs,
            "targets": self.targets,
        }
        if self.replaced is not None:
            found["replaced"] = self.replaced
        if self.is_scaled:
            found[SCALED] = np.array(True)
        return {**found, **{name: np.array(values, str) for name, values in texts.items() if values}}


def used_examples_of(
    store: Store, what: str | int, *, repeat: int | None = None, side: str | None = None, scaled: bool = False
) -> UsedExamples:
    """The examples of a repeat of a sweep, given by its name, or of a trial, given by its number.

    If `scaled`, inputs and numeric targets are as networks receive them. `side` selects one side. Raises StoreError for
    a repeat or a side that does not exist.
    """
    if side is not None and side not in set(Side):
        raise StoreError(f"there is no side {side!r}; known: {', '.join(Side)}")
    if isinstance(what, int):
        trial, prepared = stored_trial(store, store.show(what))
        if repeat not in (None, trial.repeat):
            raise StoreError(f"trial {what} is of repeat {trial.repeat}, not {repeat}; leave out the repeat")
        repeat, variant = trial.repeat, variant_of(trial.configuration, prepared.sweep)
    else:
        prepared, variant, repeat = stored_sweep(store, what).prepared, WHOLE, 1 if repeat is None else repeat
    if not 1 <= repeat <= prepared.most_repeats:
        raise StoreError(f"there is no repeat {repeat}; the sweep has repeats 1 to {prepared.most_repeats}")
    return examples_of_repeat(prepared, variant, repeat, side, scaled=scaled)


def rows_by_use(store: Store, trial: int, inputs: np.ndarray) -> dict[Side, int]:
    """How many rows of `inputs` (N, n) equal an example on each side of a trial; other rows are not counted.

    A row that equals examples on several sides counts once, as training if possible, else as validation.
    """
    examples = used_examples_of(store, trial)
    counts = dict.fromkeys((Side.TRAINING, Side.VALIDATION, Side.TEST), 0)
    known = {side: set(map(bytes, comparable(examples.inputs[examples.sides == side]))) for side in counts}
    for row in map(bytes, comparable(inputs)):
        side = next((side for side, rows in known.items() if row in rows), None)
        if side is not None:
            counts[side] += 1
    return counts


def comparable(inputs: np.ndarray) -> np.ndarray:
    """Inputs as rows (N, n) such that equal rows have the same bytes: -0 becomes 0, and every NaN the same."""
    rows = np.ascontiguousarray(inputs, np.float64) + 0.0
    return np.where(np.isnan(rows), np.nan, rows)


def examples_of_repeat(
    prepared: PreparedSweep, variant: DataVariant, repeat: int, side: str | None, *, scaled: bool
) -> UsedExamples:
    """The examples of a repeat as a data variant uses them."""
    dataset, whole, seed = prepared.dataset.of_repeat(repeat), prepared.splits[repeat], prepared.sweep.seed
    preparation = variant.applied_to(prepared.preparation)
    split = used_examples(dataset, preparation, whole, seed=seed, repeat=repeat)
    parts = {name: rows for name, rows in rows_by_side(dataset, whole, split).items() if side in (None, name)}
    targets = {name: dataset.targets[rows] for name, rows in parts.items()}
    replaced = {name: np.zeros(len(rows), bool) for name, rows in parts.items()}
    if Side.TRAINING in parts and variant.label_noise:
        noisy = noisy_targets(dataset, split.training, variant.label_noise, seed=seed, repeat=repeat)
        replaced[Side.TRAINING] = (noisy != targets[Side.TRAINING])[:, 0]
        targets[Side.TRAINING] = noisy
    rows = joined(parts, np.empty(0, int))
    inputs, values = dataset.inputs[rows], joined(targets, dataset.targets[:0])
    if scaled:
        inputs = learned_transform(dataset.inputs[split.training], preparation, dataset.axes, dataset.is_padded).apply(
            inputs
        )
        values = target_scaling(dataset, preparation, whole).apply(values)
    sides = np.repeat(np.array([str(name) for name in parts], object), [len(each) for each in parts.values()])
    # In the order of the data; an example used for both training and validation appears twice.
    order = np.argsort(rows, kind="stable")
    return UsedExamples(
        numbers=rows[order] + 1,
        sides=sides[order],
        inputs=inputs[order],
        targets=values[order],
        input_names=dataset.input_names,
        target_names=dataset.target_names,
        class_names=dataset.class_names,
        replaced=joined(replaced, np.empty(0, bool))[order] if variant.label_noise else None,
        is_scaled=scaled,
    )


def rows_by_side(dataset: Dataset, whole: Split, split: Split) -> dict[Side, np.ndarray]:
    """The rows on each side."""
    is_test = dataset.marks.get("test", np.zeros(dataset.example_count, bool))
    return {
        Side.TRAINING: split.training,
        Side.VALIDATION: split.validation,
        Side.TEST: np.flatnonzero(is_test),
        Side.UNUSED: np.setdiff1d(whole.training, split.training),
    }


def joined(parts: Mapping[Side, np.ndarray], nothing: np.ndarray) -> np.ndarray:
    """The arrays of all sides, one after another."""
    return np.concatenate([nothing, *parts.values()])


def free_name(name: str, taken: Mapping[str, object]) -> str:
    """The name, or the first free one of `name_2`, `name_3`, …."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def plain_rows(columns: Mapping[str, np.ndarray]) -> Iterator[dict[str, object]]:
    """The rows of a table as plain data; NaN becomes None."""
    values = [[None if value != value else value for value in column.tolist()] for column in columns.values()]
    return (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
