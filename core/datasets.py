"""Data sets of examples with known targets, and their split into training and validation examples."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from fitgap.core.group_splits import drawn_groups, group_folds
from fitgap.core.randomness import Purpose, generator

TargetKind = Literal["classes", "numbers"]
# Marks of examples that are windows over rows: the first and the last row of each, in order of time.
FIRST_ROW, LAST_ROW = "first_row", "last_row"


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets of all examples, unscaled.

    `inputs` (N, n_0) float64; NaN marks a missing value that is to be filled. `targets` (N, m) float64: for classes one
    column of class numbers 0 … C−1, named by `class_names`; for numbers their values. `text_columns` maps each text
    column, which was one-hot encoded, to its categories. `marks` holds arrays (N,) that determine how examples are
    split: `validation` with group numbers, ranks or booleans (see `Division.rule`), `test` with booleans that mark test
    examples, and for windows over rows FIRST_ROW and LAST_ROW, so that no row is on two sides. It may also hold their
    weights (see `fitgap.core.example_weights`).
    `input_axes` are the axes of an example's inputs, which are in row-major order: (height, width, channels) or
    (steps, channels); () if the inputs are plain. `groups` holds columns, as numbers (N,), by which examples may be
    kept together; they are not inputs. With `is_padded`, examples are sequences of different lengths: after the last
    step of each, inputs are NaN. `redraw` returns other examples of the same kind for every repeat; None if all repeats
    use the same examples. Raises ValueError if the shapes do not fit.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    target_kind: TargetKind
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    text_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marks: Mapping[str, np.ndarray] = field(default_factory=dict)
    redraw: "Callable[[int], Dataset] | None" = None
    groups: Mapping[str, np.ndarray] = field(default_factory=dict)
    input_axes: tuple[int, ...] = ()
    is_padded: bool = False

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.inputs) != len(self.targets):
            raise ValueError(
                f"inputs and targets must be two tables with the same number of rows, "
                f"but have the shapes {self.inputs.shape} and {self.targets.shape}"
            )
        if self.input_axes and math.prod(self.input_axes) != self.inputs.shape[1]:
            shape, needed = "x".join(map(str, self.input_axes)), math.prod(self.input_axes)
            raise ValueError(f"the shape {shape} needs {needed} inputs, but there are {self.inputs.shape[1]}")
        if self.target_kind == "classes" and self.target_count != 1:
            raise ValueError(f"classes must be one column of class numbers, but received {self.target_count} columns")

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of the inputs of an example, (n_0,) if they are plain."""
        return self.input_axes or (self.input_count,)

    @property
    def example_count(self) -> int:
        return len(self.inputs)

    def of_repeat(self, repeat: int) -> "Dataset":
        """The examples of a repeat; repeats count from 1."""
        return self if self.redraw is None else self.redraw(repeat)

    @property
    def input_count(self) -> int:
        return self.inputs.shape[1]

    @property
    def target_count(self) -> int:
        return self.targets.shape[1]

    @property
    def class_count(self) -> int:
        """C; 0 if the targets are numbers."""
        return len(self.class_names)


@dataclass(frozen=True)
class Division:
    """How examples are divided into training and validation examples.

    `validation` is a share (below 1), a count, or "same": a truth table has no unseen rows, so it is validated on its
    training examples. With `folds` k ≥ 2 the examples are divided into k folds instead, and each repeat validates on
    another fold. `stratified` keeps the class proportions on both sides; it has no effect if the targets are numbers.
    `rule` says what the data set's `validation` marks are: with "group", numbers of groups that stay together; with
    "order", ranks, of which the last ones validate; with "marked", whether an example validates.
    """

    validation: float | int | Literal["same"] = 0.3
    folds: int = 0
    stratified: bool = True
    rule: Literal["group", "order", "marked"] | None = None

    def __post_init__(self) -> None:
        if self.folds == 1 or self.folds < 0:
            raise ValueError(f"folds must be at least 2, or 0 for none, but received {self.folds}")


@dataclass(frozen=True)
class Split:
    """Row numbers of the training and of the validation examples."""

    training: np.ndarray
    validation: np.ndarray


def split_examples(dataset: Dataset, division: Division, *, seed: int, repeat: int) -> Split:
    """The split of one repeat (Magyar 2024, Alg. 11). It depends only on the sweep's seed and the repeat.

    Repeats count from 1. With k folds, repeats 1 … k are the folds of one shuffled order, k+1 … 2k those of the next,
    so every example validates once in every k repeats. Test examples are on neither side. Raises ValueError if a side
    would be empty.
    """
    if "test" in dataset.marks:
        usable = np.flatnonzero(~dataset.marks["test"])
        usable = apart(dataset, usable, np.flatnonzero(dataset.marks["test"]))
        split = split_examples(without_inputs(dataset, usable), division, seed=seed, repeat=repeat)
        return Split(training=usable[split.training], validation=usable[split.validation])
    if division.validation == "same" and not division.folds:
        everything = np.arange(dataset.example_count)
        return Split(training=everything, validation=everything)
    validates = np.zeros(dataset.example_count, bool)
    choose = RULES[division.rule] if division.rule else fold if division.folds else drawn
    validates[choose(dataset, division, seed, repeat)] = True
    # In file order: evaluation reads the rows sequentially, only the mini-batches are shuffled.
    validation = np.flatnonzero(validates)
    return Split(training=apart(dataset, np.flatnonzero(~validates), validation), validation=validation)


def apart(dataset: Dataset, earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """The examples `earlier`; if examples are windows over rows, only those that end before the first row of `later`.

    Raises ValueError if none is left.
    """
    if FIRST_ROW not in dataset.marks:
        return earlier
    kept = earlier[dataset.marks[LAST_ROW][earlier] < dataset.marks[FIRST_ROW][later].min()]
    if not len(kept):
        raise ValueError(
            "no window is left to train on, as all share rows with validation or test windows; choose a smaller window"
        )
    return kept


def without_inputs(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """These rows of a data set, with only the parts that splits need."""
    marks = {name: values[rows] for name, values in dataset.marks.items() if name != "test"}
    return replace(dataset, inputs=np.zeros((len(rows), 0)), targets=dataset.targets[rows], marks=marks, input_axes=())


def marked(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows that are marked for validation; ValueError if none or all are."""
    rows = np.flatnonzero(dataset.marks["validation"])
    validation_count(dataset.example_count, len(rows))
    return rows


def last(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows with the highest ranks."""
    assert not isinstance(division.validation, str)
    count = validation_count(dataset.example_count, division.validation)
    return np.argsort(dataset.marks["validation"], kind="stable")[-count:]


def by_group(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows of randomly drawn groups or, with folds, of those in the repeat's fold; stratified if possible."""
    assert not isinstance(division.validation, str)
    names, groups = np.unique(dataset.marks["validation"], return_inverse=True)
    classes = dataset.targets[:, 0].astype(int) if is_stratified(dataset, division) else np.zeros(len(groups), int)
    counts = np.zeros((len(names), int(classes.max(initial=0)) + 1))
    np.add.at(counts, (groups, classes), 1)
    if len(names) < max(2, division.folds):
        raise ValueError(
            f"{max(2, division.folds)} groups are needed, one for each side or fold, but there are {len(names)}; "
            "choose another column"
        )
    if division.folds:
        permutation, number = divmod(repeat - 1, division.folds)
        return np.flatnonzero(
            group_folds(counts, division.folds, seed=seed, permutation=permutation + 1)[groups] == number
        )
    share = validation_count(dataset.example_count, division.validation) / dataset.example_count
    return np.flatnonzero(drawn_groups(counts, share * counts.sum(axis=0), seed=seed, repeat=repeat)[groups])


def fold(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The rows of the validation fold of a repeat. Rows are dealt to the folds in turn, class by class if stratified.

    Fold sizes therefore differ by at most one, and if stratified, so do their counts of each class.
    """
    if division.folds > dataset.example_count:
        raise ValueError(
            f"{division.folds} folds need at least {division.folds} examples, but there are {dataset.example_count}; "
            "choose fewer folds"
        )
    permutation, number = divmod(repeat - 1, division.folds)
    order = generator(seed, permutation + 1, Purpose.SPLIT).permutation(dataset.example_count)
    if is_stratified(dataset, division):
        order = grouped_by_class(order, dataset)
    return order[number :: division.folds]


def drawn(dataset: Dataset, division: Division, seed: int, repeat: int) -> np.ndarray:
    """The validation rows of a repeat: the first in a shuffled order, or the first of each class if stratified."""
    assert not isinstance(division.validation, str)
    count = validation_count(dataset.example_count, division.validation)
    random = generator(seed, repeat, Purpose.SPLIT)
    order = random.permutation(dataset.example_count)
    if not is_stratified(dataset, division):
        return order[:count]
    _, sizes = np.unique(dataset.targets, return_counts=True)
    taken = proportional_counts(sizes, count, tie_break=random.permutation(len(sizes)))
    classes = np.split(grouped_by_class(order, dataset), np.cumsum(sizes)[:-1])
    return np.concatenate([rows[:part] for rows, part in zip(classes, taken, strict=True)])


def is_stratified(dataset: Dataset, division: Division) -> bool:
    return division.stratified and dataset.target_kind == "classes"


def grouped_by_class(order: np.ndarray, dataset: Dataset) -> np.ndarray:
    """The rows in `order`, regrouped by class; the order within a class is kept."""
    return order[np.argsort(dataset.targets[order, 0], kind="stable")]


def validation_count(example_count: int, validation: float | int) -> int:
    """Number of validation examples, from a share below 1 (rounded) or a count; ValueError if a side is empty."""
    count = round(example_count * validation) if 0 < validation < 1 else int(validation)
    if not 0 < count < example_count:
        raise ValueError(
            f"validation {validation:g} of {example_count} examples leaves {example_count - count} to train "
            f"and {count} to validate; both must be at least 1, so choose a share such as 0.3 or a smaller number"
        )
    return count


def proportional_counts(sizes: np.ndarray, count: int, tie_break: np.ndarray) -> np.ndarray:
    """Divide `count` among groups in proportion to their `sizes` (C,), by the method of largest remainders.

    Among equal remainders, the group with the smaller `tie_break` (C,) comes first.
    """
    # Integer arithmetic, so that ties are exact.
    taken, remainders = np.divmod(sizes * count, sizes.sum())
    largest = np.lexsort((tie_break, -remainders))[: count - taken.sum()]
    taken[largest] += 1
    return taken


# How `validation` marks are used, by `Division.rule`.
RULES: dict[str, Callable[[Dataset, Division, int, int], np.ndarray]] = {
    "group": by_group,
    "order": last,
    "marked": marked,
}
