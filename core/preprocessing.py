"""Preprocessing: filling missing values and scaling inputs and targets, learned from the training examples only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from fitgap.core.datasets import Dataset, Division, Split, split_examples
from fitgap.core.example_weights import WEIGHT, ClassWeight, example_weights
from fitgap.core.randomness import Purpose, generator
from fitgap.core.scaling import (
    BY_CHANNEL,
    NO_SCALING,
    NO_TRANSFORM,
    PREPROCESSINGS,
    InputTransform,
    Scaling,
    fill_values,
    limits_of,
    standard,
    varying,
)
from fitgap.core.target_coding import OutputReading, Unrecognized
from fitgap.core.training_side import noisy_targets, with_used_examples

TRAINING, VALIDATION = 0, 1


@dataclass(frozen=True)
class Preparation:
    """How a data set is turned into the examples of a repeat.

    `preprocess` is a key of PREPROCESSINGS, applied to the inputs. `target_scaling` is "standard" or "none" and applies
    to numeric targets; classes are never scaled. `missing` is a key of FILLINGS; any other value means that nothing is
    filled. With `limits`, inputs far outside the range of the training examples are limited. `training_examples` is the
    count (int) or share (float) of the training side that is used, None for all, and `label_noise` the share of its
    labels that are replaced (see `fitgap.core.training_side`). `class_weight` holds the weights of the classes.
    """

    division: Division
    preprocess: str
    target_scaling: str
    missing: str = "refuse"
    limits: bool = False
    training_examples: float | int | None = None
    label_noise: float = 0.0
    class_weight: ClassWeight = None


# The fields of `Examples` that are tables.
TABLES = (
    *("training_inputs", "training_targets", "validation_inputs", "validation_targets"),
    *("training_weights", "validation_weights"),
)


@dataclass(frozen=True)
class Examples:
    """Prepared examples of one repeat: inputs (n, n_0) and targets (n, n_L) in the dtype of training.

    `constant_columns` lists the inputs that are constant in the training examples and are set to 0 here.
    `inputs_transform` and `targets_scaling` are the transformations that were applied, to apply them to other examples
    or to undo them. Weights (n,) have a mean of 1; None if all examples weigh the same.
    """

    training_inputs: np.ndarray
    training_targets: np.ndarray
    validation_inputs: np.ndarray
    validation_targets: np.ndarray
    constant_columns: tuple[int, ...]
    inputs_transform: InputTransform = NO_TRANSFORM
    targets_scaling: Scaling = NO_SCALING
    training_weights: np.ndarray | None = None
    validation_weights: np.ndarray | None = None

    @property
    def tables(self) -> dict[str, np.ndarray]:
        """The tables by name, without those that are None."""
        tables = {name: getattr(self, name) for name in TABLES}
        return {name: table for name, table in tables.items() if table is not None}

    @cached_property
    def byte_count(self) -> int:
        """The size of the tables. Cached, because a cache of examples queries it whenever a pack starts."""
        return sum(table.nbytes for table in self.tables.values())


def prepare_examples(
    dataset: Dataset, preparation: Preparation, reading: OutputReading, *, seed: int, repeat: int, dtype: str
) -> Examples:
    """Split, fill and scale a data set for one repeat, learning from its training examples only.

    Raises ValueError if the split leaves no training or no validation example, or none with a weight above 0.
    """
    dataset = dataset.of_repeat(repeat)
    whole = split_examples(dataset, preparation.division, seed=seed, repeat=repeat)
    split = used_examples(dataset, preparation, whole, seed=seed, repeat=repeat)
    weights = encoded_weights(dataset, preparation, reading, whole, seed=seed, repeat=repeat)
    transform = learned_transform(dataset.inputs[split.training], preparation, dataset.axes, dataset.is_padded)
    scaling = target_scaling(dataset, preparation, whole)
    training_targets = noisy_targets(dataset, split.training, preparation.label_noise, seed=seed, repeat=repeat)

    def side(rows: np.ndarray, values: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        inputs, targets = transform.apply(dataset.inputs[rows]), scaling.apply(values)
        if isinstance(reading, Unrecognized):
            random = generator(seed, repeat, Purpose.NOISE, number)
            inputs, targets = with_synthetic(inputs, targets, reading.share, dataset.class_count, random)
        return inputs.astype(dtype), reading.encode(targets, dataset.class_count).astype(dtype)

    return Examples(
        *side(split.training, training_targets, TRAINING),
        *side(split.validation, dataset.targets[split.validation], VALIDATION),
        constant_columns=constant_columns(dataset, preparation, split),
        inputs_transform=transform,
        targets_scaling=scaling,
        training_weights=weights[TRAINING],
        validation_weights=weights[VALIDATION],
    )


def encoded_weights(
    dataset: Dataset, preparation: Preparation, reading: OutputReading, whole: Split, *, seed: int, repeat: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The weights (n,) of the training and validation examples of a repeat's split that are used, as in `Examples`.

    Synthetic examples have the mean weight. A training example has the weight of its label, even if that is noise.
    """
    if preparation.class_weight is None and WEIGHT not in dataset.marks:
        return None, None
    split = used_examples(dataset, preparation, whole, seed=seed, repeat=repeat)
    noisy = noisy_targets(dataset, split.training, preparation.label_noise, seed=seed, repeat=repeat)
    weights = example_weights(dataset, preparation.class_weight, split, noisy)
    if not isinstance(reading, Unrecognized):
        return weights
    training, validation = (
        None if each is None else np.concatenate([each, np.ones(round(reading.share * len(each)))]) for each in weights
    )
    return training, validation


def used_examples(dataset: Dataset, preparation: Preparation, whole: Split, *, seed: int, repeat: int) -> Split:
    """The part of a repeat's split that is used; the scaling of inputs is learned from these training examples."""
    division, wanted = preparation.division, preparation.training_examples
    return with_used_examples(whole, dataset, division, wanted, seed=seed, repeat=repeat)


def learned_statistics(training: np.ndarray, filled: np.ndarray, preparation: Preparation) -> list[np.ndarray]:
    """The shift and factor of every column (n,), and its limits if there are any, from the training examples (N, n)
    before and after filling.
    """
    scaling = PREPROCESSINGS[preparation.preprocess](filled)
    # Constant columns are found before filling: the mean of equal values may differ from them by rounding.
    factor = scaling.factor if filled is training else np.where(varying(training), scaling.factor, 0.0)
    return [scaling.shift, factor, *(limits_of(filled) if preparation.limits else ())]


def statistics_without_padding(values: np.ndarray, preparation: Preparation) -> list[np.ndarray]:
    """The same for values (N, n) whose padding is NaN; a column with nothing but padding is constant."""
    present = [column[~np.isnan(column)][:, np.newaxis] for column in values.T]
    columns = [each if len(each) else np.zeros((1, 1)) for each in present]
    learned = [learned_statistics(own, own, preparation) for own in columns]
    return [np.concatenate(each) for each in zip(*learned, strict=True)]


def learned_transform(
    training: np.ndarray, preparation: Preparation, axes: Sequence[int] = (), is_padded: bool = False
) -> InputTransform:
    """The input transform learned from the inputs of the training examples (n, n_0), each with these axes.

    Filling is by column even if channels are scaled, because the positions of an image or a sequence may differ.
    """
    positions = position_count(preparation, axes)
    if is_padded:
        fill, rows = np.full(training.shape[1], np.nan), rows_of_positions(training, positions)
        learned = statistics_without_padding(rows, preparation)
    else:
        fill, absent = fill_values(training, preparation.missing), np.isnan(training)
        rows = rows_of_positions(training, positions)
        filled = rows_of_positions(np.where(absent, fill, training), positions) if absent.any() else rows
        learned = learned_statistics(rows, filled, preparation)
    return InputTransform(fill, *(np.tile(each, positions) for each in learned))


def position_count(preparation: Preparation, axes: Sequence[int]) -> int:
    """The number of positions of an example that are scaled alike; 1 if every column is scaled by itself."""
    return math.prod(axes[:-1]) if preparation.preprocess in BY_CHANNEL else 1


def rows_of_positions(values: np.ndarray, positions: int) -> np.ndarray:
    """Values (n, n_0) with a row for each position: (n · positions, channels)."""
    return values.reshape(len(values) * positions, -1)


def target_scaling(dataset: Dataset, preparation: Preparation, whole: Split) -> Scaling:
    """The scaling of the targets, learned from all training examples of the repeat, even if only some are used.

    It is the unit in which errors are measured. If every subset had its own, their errors could not be compared.
    """
    if dataset.target_kind == "numbers" and preparation.target_scaling == "standard":
        return standard(dataset.targets[whole.training])
    return Scaling(np.zeros(dataset.target_count), np.ones(dataset.target_count))


def encoded_targets(
    dataset: Dataset, preparation: Preparation, reading: OutputReading, whole: Split, *, seed: int, repeat: int
) -> tuple[np.ndarray, np.ndarray]:
    """The encoded targets (n, n_L), as in `Examples` but in float64, of the training and validation examples of a
    repeat's split that are used.
    """
    scaling = target_scaling(dataset, preparation, whole)
    split = used_examples(dataset, preparation, whole, seed=seed, repeat=repeat)

    def side(values: np.ndarray) -> np.ndarray:
        targets = scaling.apply(values)
        if isinstance(reading, Unrecognized):
            synthetic = np.full((round(reading.share * len(values)), 1), float(dataset.class_count))
            targets = np.concatenate([targets, synthetic])
        return reading.encode(targets, dataset.class_count).astype(np.float64)

    noisy = noisy_targets(dataset, split.training, preparation.label_noise, seed=seed, repeat=repeat)
    return side(noisy), side(dataset.targets[split.validation])


def with_synthetic(
    inputs: np.ndarray, targets: np.ndarray, share: float, class_count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, n_0) and class numbers (n, 1), followed by `share`·n synthetic examples of class number C.

    Each input of a synthetic example is drawn independently from the examples.
    """
    count = round(share * len(inputs))
    rows = random.integers(len(inputs), size=(count, inputs.shape[1]))
    synthetic = np.take_along_axis(inputs, rows, axis=0)
    return np.concatenate([inputs, synthetic]), np.concatenate([targets, np.full((count, 1), float(class_count))])


def constant_columns(dataset: Dataset, preparation: Preparation, split: Split) -> tuple[int, ...]:
    """Indices of the input columns that are constant in the training examples; if scaling is by channel, of all
    positions of each constant channel.
    """
    positions = position_count(preparation, dataset.axes)
    is_varying = np.tile(varying(rows_of_positions(dataset.inputs[split.training], positions)), positions)
    return tuple(int(column) for column in np.flatnonzero(~is_varying))
