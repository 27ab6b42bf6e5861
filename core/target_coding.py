"""Readings: how targets are encoded as network outputs, and how outputs are decoded (Magyar 2024, §2.2).

Class targets are class numbers 0 … C−1 in one column (N, 1). Numeric targets are values (N, m).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.variants import Variant, parameter


@dataclass(frozen=True)
class OutputReading(Variant):
    """Base of the readings. `for_classes` is true for readings of classes, false for readings of numbers."""

    for_classes: ClassVar[bool] = True

    def output_count(self, class_count: int, target_count: int) -> int:
        """n_L: the number of outputs for this number of classes or target columns."""
        raise NotImplementedError

    def encode(self, targets: np.ndarray, class_count: int) -> np.ndarray:
        """The desired outputs (N, n_L), from targets (N, m)."""
        raise NotImplementedError

    def read(self, outputs: np.ndarray, class_count: int) -> np.ndarray:
        """Decode outputs (…, n_L) into class numbers (…), or values (…, m).

        The number C, one beyond the last class, stands for "unrecognized".
        """
        raise NotImplementedError

    def agree(self, outputs: np.ndarray, targets: np.ndarray, class_count: int) -> np.ndarray:
        """Whether outputs and targets (…, n_L) decode to the same class (…)."""
        return self.read(outputs, class_count) == self.read(targets, class_count)


@dataclass(frozen=True)
class OnePerClass(OutputReading):
    """One output per class, 1 for the correct class and 0 for the others; the largest output wins."""

    def output_count(self, class_count, target_count):
        return class_count

    def encode(self, targets, class_count):
        return one_hot(targets, class_count)

    def read(self, outputs, class_count):
        return outputs.argmax(axis=-1)

    def agree(self, outputs, targets, class_count):
        return largest_is_marked(outputs, targets)


@dataclass(frozen=True)
class Unrecognized(OutputReading):
    """One output per class, plus one for inputs that belong to no class; the largest output wins.

    To train this output, synthetic examples are added separately to the training and to the validation examples. Each
    of their inputs is drawn independently from the examples, which breaks the correlations between inputs.
    """

    share: float = parameter(0.1, at_least=0, at_most=10, description="synthetic examples for each real one")

    def output_count(self, class_count, target_count):
        return class_count + 1

    def encode(self, targets, class_count):
        return one_hot(targets, class_count + 1)

    def read(self, outputs, class_count):
        return outputs.argmax(axis=-1)

    def agree(self, outputs, targets, class_count):
        return largest_is_marked(outputs, targets)


@dataclass(frozen=True)
class Intervals(OutputReading):
    """A single output: class c of C is the midpoint of the c-th of C equal intervals of [0, 1], each closed above."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return (targets + 0.5) / class_count

    def read(self, outputs, class_count):
        return read_intervals(outputs[..., 0], class_count)


@dataclass(frozen=True)
class ZeroOne(OutputReading):
    """A single output for two classes, 0 and 1, with threshold ½."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return targets.copy()

    def read(self, outputs, class_count):
        return (outputs[..., 0] > 0.5).astype(int)


@dataclass(frozen=True)
class Signs(OutputReading):
    """A single output for two classes, −1 and 1, decoded by its sign."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return 2 * targets - 1

    def read(self, outputs, class_count):
        return (outputs[..., 0] > 0).astype(int)


@dataclass(frozen=True)
class Numbers(OutputReading):
    """One output per target column, used without decoding."""

    for_classes = False

    def output_count(self, class_count, target_count):
        return target_count

    def encode(self, targets, class_count):
        return targets.copy()

    def read(self, outputs, class_count):
        return outputs


READINGS: dict[str, type[OutputReading]] = {
    "one_per_class": OnePerClass,
    "unrecognized": Unrecognized,
    "intervals": Intervals,
    "zero_one": ZeroOne,
    "signs": Signs,
    "numbers": Numbers,
}
# Readings with one output for exactly two classes.
TWO_CLASSES = ("zero_one", "signs")


def one_hot(targets: np.ndarray, output_count: int) -> np.ndarray:
    """Class numbers (N, 1) in one-hot encoding (N, n_L)."""
    return (targets == np.arange(output_count)).astype(np.float64)


def largest_is_marked(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether (…) the largest output (…, n), or the first of equal ones, is at the 1 of the one-hot targets (…, n).

    Same result as comparing `argmax` of both, but several times faster if outputs are stored unit by unit.
    """
    if outputs.strides[-1] == outputs.itemsize:
        return outputs.argmax(axis=-1) == targets.argmax(axis=-1)
    highest = outputs.max(axis=-1, keepdims=True)
    largest = outputs == highest
    # Ties (the first one counts) and NaN (equal to nothing) need argmax.
    if np.isnan(highest).any() or np.count_nonzero(largest) != highest.size:
        largest = np.arange(outputs.shape[-1]) == outputs.argmax(axis=-1, keepdims=True)
    largest &= targets > 0
    return largest.any(axis=-1)


def read_intervals(values: np.ndarray, class_count: int) -> np.ndarray:
    """Class numbers from values: (c/C, (c+1)/C] is class c; values outside [0, 1] give the first or last class.

    NaN gives the first class.
    """
    shares = np.clip(np.nan_to_num(values), 0, 1)
    return np.maximum(np.ceil(shares * class_count).astype(int) - 1, 0)
