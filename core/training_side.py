"""The training side of a repeat as a configuration uses it: nested subsets of the examples, and label noise.

Both depend only on the seed, the repeat and the row of an example. So a smaller subset is part of a larger one, and the
labels replaced at a smaller share are among those replaced at a larger one.
"""

from dataclasses import replace

import numpy as np
from fitgap.core.datasets import Dataset, Division, Split, is_stratified
from fitgap.core.randomness import Purpose, generator


def used_count(available: int, training_examples: float | int | None) -> int:
    """The number of training examples used out of those available, from a share (rounded) or a count; None for all.

    Raises ValueError if the training side has fewer examples, or if none is left.
    """
    if training_examples is None:
        return available
    is_share = isinstance(training_examples, float)
    count = round(available * training_examples) if is_share else int(training_examples)
    if not 0 < count <= available:
        raise ValueError(
            f"{training_examples:g} of {available} training examples "
            f"{'is less than one' if is_share else 'cannot be used'}; "
            f"choose at least 1 and at most {available}, or a share such as 0.5"
        )
    return count


def with_used_examples(
    split: Split,
    dataset: Dataset,
    division: Division,
    training_examples: float | int | None,
    *,
    seed: int,
    repeat: int,
) -> Split:
    """The split with only some of its training examples, in file order; the validation examples stay as they are."""
    count = used_count(len(split.training), training_examples)
    if count == len(split.training):
        return split
    order = nested_order(split.training, dataset, division, seed=seed, repeat=repeat)
    return replace(split, training=np.sort(order[:count]))


def nested_order(rows: np.ndarray, dataset: Dataset, division: Division, *, seed: int, repeat: int) -> np.ndarray:
    """The training rows (n,) of a repeat in the order in which growing subsets use them.

    The order is shuffled. If the split is stratified, the classes are interleaved, so that any number of first rows has
    each class in proportion, to within one example.
    """
    order = generator(seed, repeat, Purpose.SUBSET).permutation(rows)
    if not is_stratified(dataset, division):
        return order
    classes = dataset.targets[order, 0].astype(int)
    position = np.empty(len(order))
    for each in np.unique(classes):
        members = np.flatnonzero(classes == each)
        # The midpoints of equal parts of the whole order: the first of m examples comes after a share of 1/(2m).
        position[members] = (2 * np.arange(len(members)) + 1) / (2 * len(members))
    # Ties stay in shuffled order.
    return order[np.argsort(position, kind="stable")]


def noisy_targets(dataset: Dataset, rows: np.ndarray, share: float, *, seed: int, repeat: int) -> np.ndarray:
    """The targets (n, m) of these training rows, after a share (rounded to whole examples) got another class.

    The other class is drawn uniformly. Raises ValueError if there are no classes to choose from.
    """
    targets = dataset.targets[rows]
    if not share:
        return targets
    if dataset.class_count < 2:
        raise ValueError(
            "label_noise replaces classes by others, but the targets are "
            f"{dataset.target_kind if not dataset.class_count else 'of one class'}; leave label_noise at 0"
        )
    random = generator(seed, repeat, Purpose.LABEL_NOISE)
    rank = random.random(dataset.example_count)[rows]
    step = random.integers(1, dataset.class_count, size=dataset.example_count)[rows]
    replaced = np.argsort(rank, kind="stable")[: round(share * len(rows))]
    targets[replaced, 0] = (targets[replaced, 0] + step[replaced]) % dataset.class_count
    return targets
