"""Weights of examples: of each example, of its class, or both.

They multiply the errors of examples, both in the gradient and in E_t and E_v. On each side their mean is 1, so that E_t
and E_v are weighted means, and the size of a step does not depend on the unit of the weights.
"""

from typing import Literal

import numpy as np
from fitgap.core.datasets import Dataset, Split

# "balanced", or the weight of every class.
ClassWeight = Literal["balanced"] | tuple[float, ...] | None
# The name of the mark that holds the weights of a data set's examples.
WEIGHT = "weight"


def example_weights(
    dataset: Dataset, class_weight: ClassWeight, split: Split, training_targets: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
    """The weights (n,) of the training and of the validation examples, in float64; None if all weigh the same.

    `training_targets` (n, 1) are the training labels, if they differ from those of the data set. Raises ValueError if
    all examples of a side have the weight 0.
    """
    given = dataset.marks.get(WEIGHT)
    if class_weight is None and given is None:
        return None, None
    labels = dataset.targets[split.training] if training_targets is None else training_targets
    sides = (split.training, labels, "training"), (split.validation, dataset.targets[split.validation], "validation")
    of_class = weights_of_classes(labels, class_weight, dataset.class_count)
    training, validation = (
        with_mean_one(weights_of_side(rows, targets, of_class, given), name) for rows, targets, name in sides
    )
    return training, validation


def unscaled_weights(dataset: Dataset, class_weight: ClassWeight, split: Split) -> np.ndarray | None:
    """The weights (N,) of all examples before scaling, with class weights learned from the training side of a split.

    None if neither examples nor classes have weights.
    """
    given = dataset.marks.get(WEIGHT)
    if class_weight is None:
        return given
    of_class = weights_of_classes(dataset.targets[split.training], class_weight, dataset.class_count)
    return weights_of_side(np.arange(dataset.example_count), dataset.targets, of_class, given)


def weights_of_classes(labels: np.ndarray, class_weight: ClassWeight, class_count: int) -> np.ndarray | None:
    """The weight of every class; None if there are none. `balanced` weights come from the training labels (n, 1)."""
    if class_weight is None:
        return None
    of_class = balanced(labels[:, 0].astype(int), class_count) if class_weight == "balanced" else class_weight
    return np.asarray(of_class, np.float64)


def weights_of_side(
    rows: np.ndarray, targets: np.ndarray, of_class: np.ndarray | None, given: np.ndarray | None
) -> np.ndarray:
    """The weights (n,) of the examples in these rows with these targets (n, m), before they are scaled."""
    own = np.ones(len(rows)) if given is None else given[rows]
    return own if of_class is None else of_class[targets[:, 0].astype(int)] * own


def balanced(classes: np.ndarray, class_count: int) -> np.ndarray:
    """n/(C·n_c) for every class, as scikit-learn defines it, from class numbers (n,).

    A class that does not occur weighs as if it occurred once.
    """
    counts = np.bincount(classes, minlength=class_count)
    return len(classes) / (class_count * np.maximum(counts, 1))


def with_mean_one(weights: np.ndarray, side: str) -> np.ndarray:
    """The weights of one side, scaled to a mean of 1."""
    # Divided first, so that no sum overflows.
    largest = weights.max(initial=0.0)
    if not largest > 0:
        rule = f"all {side} examples have the weight 0"
        raise ValueError(f"{rule}; give some a weight above 0, or split the examples differently")
    scaled = weights / largest
    return scaled / scaled.mean()
