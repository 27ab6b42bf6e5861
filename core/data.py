"""Examples with known outputs, and their division into training and validation examples."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.randomness import Purpose, generator

TargetKind = Literal["classes", "numbers"]


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets of all examples, unscaled.

    `inputs` (N, n_0) float64. `targets` (N, n_L) float64: for classes one column per class holding 1 for the right one
    (a single column of 0 and 1 where two classes are read from one output), for numbers their values.
    """

    name: str
    inputs: np.ndarray
    targets: np.ndarray
    target_kind: TargetKind
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.inputs) != len(self.targets):
            raise ValueError(
                f"inputs and targets must be two tables of equally many rows, "
                f"but have the shapes {self.inputs.shape} and {self.targets.shape}"
            )

    @property
    def example_count(self) -> int:
        return len(self.inputs)

    @property
    def input_count(self) -> int:
        return self.inputs.shape[1]

    @property
    def output_count(self) -> int:
        return self.targets.shape[1]


@dataclass(frozen=True)
class Split:
    """Which examples train and which validate: two arrays of row numbers."""

    training: np.ndarray
    validation: np.ndarray


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


def split_examples(example_count: int, validation: float | int | Literal["same"], *, seed: int, repeat: int) -> Split:
    """The split of one repeat (Magyar 2024, Alg. 11): drawn by the sweep's seed and the repeat, nothing else.

    `validation` is a share (below 1), a count, or "same": a truth table has no unseen rows, so it validates on the
    examples it trains on.
    """
    if validation == "same":
        everything = np.arange(example_count)
        return Split(training=everything, validation=everything)
    order = generator(seed, repeat, Purpose.SPLIT).permutation(example_count)
    count = validation_count(example_count, validation)
    # Sorted, so that the order of measuring is that of the file and only the batches are shuffled.
    return Split(training=np.sort(order[count:]), validation=np.sort(order[:count]))
