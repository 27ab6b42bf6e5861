"""Readings: how classes or numbers become the outputs a network should give, and how its outputs are read back.

(Magyar 2024, §2.2: one output per class, one more for "unrecognized", a single neuron read by intervals.)

Targets of classes are class numbers 0 … C−1 in one column (N, 1); targets that are numbers are their values (N, m).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.variants import Variant, parameter


@dataclass(frozen=True)
class Reading(Variant):
    """Base of the readings. `for_classes` says whether it reads classes or numbers."""

    for_classes: ClassVar[bool] = True

    def output_count(self, class_count: int, target_count: int) -> int:
        """n_L: the outputs for so many classes, or so many columns of numbers."""
        raise NotImplementedError

    def encode(self, targets: np.ndarray, class_count: int) -> np.ndarray:
        """The outputs that a network should give (N, n_L), from targets (N, m)."""
        raise NotImplementedError

    def read(self, outputs: np.ndarray, class_count: int) -> np.ndarray:
        """What outputs (…, n_L) say: class numbers (…), or the values themselves (…, m).

        The number C, one beyond the last class, stands for "unrecognized".
        """
        raise NotImplementedError

    def agree(self, outputs: np.ndarray, targets: np.ndarray, class_count: int) -> np.ndarray:
        """Whether outputs and targets (…, n_L) say the same class (…)."""
        return self.read(outputs, class_count) == self.read(targets, class_count)


@dataclass(frozen=True)
class OnePerClass(Reading):
    """One output per class, 1 for the right one and 0 for the others; the largest is read."""

    def output_count(self, class_count, target_count):
        return class_count

    def encode(self, targets, class_count):
        return one_hot(targets, class_count)

    def read(self, outputs, class_count):
        return outputs.argmax(axis=-1)

    def agree(self, outputs, targets, class_count):
        return largest_is_marked(outputs, targets)


@dataclass(frozen=True)
class Unrecognized(Reading):
    """One output per class and one more for whatever belongs to none; the largest is read.

    So that it learns what belongs to none, made examples are added to those that train and, apart from them, to those
    that validate: every input drawn for itself from the examples, so that inputs which go together no longer do.
    """

    share: float = parameter(0.1, at_least=0, at_most=10, description="made examples for each real one")

    def output_count(self, class_count, target_count):
        return class_count + 1

    def encode(self, targets, class_count):
        return one_hot(targets, class_count + 1)

    def read(self, outputs, class_count):
        return outputs.argmax(axis=-1)

    def agree(self, outputs, targets, class_count):
        return largest_is_marked(outputs, targets)


@dataclass(frozen=True)
class Intervals(Reading):
    """A single output: class c of C stands in the middle of the c-th of C equal intervals of [0, 1], closed above."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return (targets + 0.5) / class_count

    def read(self, outputs, class_count):
        return read_intervals(outputs[..., 0], class_count)


@dataclass(frozen=True)
class ZeroOne(Reading):
    """A single output for two classes, 0 and 1, read against ½."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return targets.copy()

    def read(self, outputs, class_count):
        return (outputs[..., 0] > 0.5).astype(int)


@dataclass(frozen=True)
class Signs(Reading):
    """A single output for two classes, −1 and 1, read by its sign."""

    def output_count(self, class_count, target_count):
        return 1

    def encode(self, targets, class_count):
        return 2 * targets - 1

    def read(self, outputs, class_count):
        return (outputs[..., 0] > 0).astype(int)


@dataclass(frozen=True)
class Numbers(Reading):
    """One output per column of numbers, read as they are."""

    for_classes = False

    def output_count(self, class_count, target_count):
        return target_count

    def encode(self, targets, class_count):
        return targets.copy()

    def read(self, outputs, class_count):
        return outputs


READINGS: dict[str, type[Reading]] = {
    "one_per_class": OnePerClass,
    "unrecognized": Unrecognized,
    "intervals": Intervals,
    "zero_one": ZeroOne,
    "signs": Signs,
    "numbers": Numbers,
}
# Readings of one output for exactly two classes.
TWO_CLASSES = ("zero_one", "signs")


def one_hot(targets: np.ndarray, output_count: int) -> np.ndarray:
    """Class numbers (N, 1) as rows with a single 1 (N, n_L)."""
    return (targets == np.arange(output_count)).astype(np.float64)


def largest_is_marked(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether the first of the largest outputs (…, n) is where the only 1 of the targets (…, n) is, as (…).

    As comparing `argmax` of both, but several times as fast where outputs lie unit after unit.
    """
    if outputs.strides[-1] == outputs.itemsize:
        return outputs.argmax(axis=-1) == targets.argmax(axis=-1)
    largest = outputs == outputs.max(axis=-1, keepdims=True)
    found = largest.any(axis=-1)
    # Of several that are equal the first one counts, and what is no number equals nothing.
    if not found.all() or np.count_nonzero(largest) != found.size:
        largest = np.arange(outputs.shape[-1]) == outputs.argmax(axis=-1, keepdims=True)
    largest &= targets > 0
    return largest.any(axis=-1)


def read_intervals(values: np.ndarray, class_count: int) -> np.ndarray:
    """Class numbers from values: (c/C, (c+1)/C] is class c, what lies below 0 or above 1 the first or last.

    NaN is read as the first class.
    """
    shares = np.clip(np.nan_to_num(values), 0, 1)
    return np.maximum(np.ceil(shares * class_count).astype(int) - 1, 0)
