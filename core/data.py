"""Examples with known targets, and their division into training and validation examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from fitgap.core.randomness import Purpose, generator

TargetKind = Literal["classes", "numbers"]


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets of all examples, unscaled.

    `inputs` (N, n_0) float64, NaN where a value is missing and is to be filled. `targets` (N, m) float64: for classes a
    single column of class numbers 0 … C−1, which `class_names` names, for numbers their values. `text_columns` maps
    each column of text, which became one input of 0 and 1 per category, to its categories.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    target_kind: TargetKind
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    text_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.inputs) != len(self.targets):
            raise ValueError(
                f"inputs and targets must be two tables of equally many rows, "
                f"but have the shapes {self.inputs.shape} and {self.targets.shape}"
            )
        if self.target_kind == "classes" and self.target_count != 1:
            raise ValueError(f"classes must be one column of class numbers, but are {self.target_count} columns")

    @property
    def example_count(self) -> int:
        return len(self.inputs)

    @property
    def input_count(self) -> int:
        return self.inputs.shape[1]

    @property
    def target_count(self) -> int:
        return self.targets.shape[1]

    @property
    def class_count(self) -> int:
        """C; 0 where targets are numbers."""
        return len(self.class_names)


@dataclass(frozen=True)
class Division:
    """How examples are divided into those that train and those that validate.

    `validation` is a share (below 1), a count, or "same": a truth table has no unseen rows, so it validates on the
    examples it trains on. With `folds` k ≥ 2 the examples fall into k parts instead, of which another one validates in
    each repeat. `stratified` gives both sides their part of every class; it says nothing where targets are numbers.
    """

    validation: float | int | Literal["same"] = 0.3
    folds: int = 0
    stratified: bool = True

    def __post_init__(self) -> None:
        if self.folds == 1 or self.folds < 0:
            raise ValueError(f"folds must be at least 2, or 0 for none, but are {self.folds}")


@dataclass(frozen=True)
class Split:
    """Which examples train and which validate: two arrays of row numbers."""

    training: np.ndarray
    validation: np.ndarray


def split_examples(dataset: Dataset, division: Division, *, seed: int, repeat: int) -> Split:
    """The split of one repeat (Magyar 2024, Alg. 11): drawn by the sweep's seed and the repeat, nothing else.

    Repeats count from 1. With k folds, repeats 1 … k are the folds of one shuffled order, k+1 … 2k those of the next,
    so that every example validates once in each k repeats. Raises ValueError where a side would be empty.
    """
    if division.validation == "same" and not division.folds:
        everything = np.arange(dataset.example_count)
        return Split(training=everything, validation=everything)
    validates = np.zeros(dataset.example_count, bool)
    choose = fold if division.folds else drawn
    validates[choose(dataset, division, seed, repeat)] = True
    # In the order of the rows, so that measuring follows the file and only the batches are shuffled.
    return Split(training=np.flatnonzero(~validates), validation=np.flatnonzero(validates))


def fold(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows of the fold that validates in a repeat: dealt in turn, class after class where they are stratified.

    So the sizes of the folds differ by at most one, and so do their shares of each class.
    """
    if division.folds > dataset.example_count:
        raise ValueError(
            f"{division.folds} folds need at least as many examples, but there are {dataset.example_count}"
        )
    permutation, number = divmod(repeat - 1, division.folds)
    order = generator(seed, permutation + 1, Purpose.SPLIT).permutation(dataset.example_count)
    if is_stratified(dataset, division):
        order = class_after_class(order, dataset)
    return order[number :: division.folds]


def drawn(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows that validate in a repeat: the first in a shuffled order, or the first of each class in it."""
    assert not isinstance(division.validation, str)
    count = validation_count(dataset.example_count, division.validation)
    random = generator(seed, repeat, Purpose.SPLIT)
    order = random.permutation(dataset.example_count)
    if not is_stratified(dataset, division):
        return order[:count]
    _, sizes = np.unique(dataset.targets, return_counts=True)
    taken = proportional_counts(sizes, count, tie_break=random.permutation(len(sizes)))
    classes = np.split(class_after_class(order, dataset), np.cumsum(sizes)[:-1])
    return np.concatenate([rows[:part] for rows, part in zip(classes, taken, strict=True)])


def is_stratified(dataset: Dataset, division: Division) -> bool:
    return division.stratified and dataset.target_kind == "classes"


def class_after_class(order: np.ndarray, dataset: Dataset) -> np.ndarray:
    """The rows in `order`, all those of a class together."""
    return order[np.argsort(dataset.targets[order, 0], kind="stable")]


def validation_count(example_count: int, validation: float | int) -> int:
    """How many examples validate: a share below 1 of all, rounded, or a count. Raises ValueError when a side is
    empty.
    """
    count = round(example_count * validation) if validation < 1 else int(validation)
    if not 0 < count < example_count:
        raise ValueError(
            f"validation {validation:g} of {example_count} examples leaves {example_count - count} to train "
            f"and {count} to validate; both must be at least 1"
        )
    return count


def proportional_counts(sizes: np.ndarray, count: int, tie_break: np.ndarray) -> np.ndarray:
    """`count` divided among groups in proportion to their `sizes` (C,), by the largest remainders.

    Where remainders are equal, the group with the smaller `tie_break` (C,) comes first.
    """
    # In whole numbers, so that equal remainders are equal.
    taken, remainders = np.divmod(sizes * count, sizes.sum())
    largest = np.lexsort((tie_break, -remainders))[: count - taken.sum()]
    taken[largest] += 1
    return taken
