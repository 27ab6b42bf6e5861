"""Truth tables as data sets: all combinations of binary inputs, with the classes 0 and 1."""

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.core.variants import parameter
from fitgap.runner.data.named_set import Source


@dataclass(frozen=True)
class TruthTable(Source):
    """A truth table. It has no unseen rows, so it is validated on its training rows."""

    origin = "truth table"
    preprocess = "none"
    validation = "same"
    reading = "zero_one"


@dataclass(frozen=True)
class Operator(TruthTable):
    """A truth table of two inputs, a and b."""

    word: ClassVar[str]
    # The outputs for the inputs 00, 01, 10, 11.
    outputs: ClassVar[tuple[int, int, int, int]]

    def load(self, seed: int) -> Dataset:
        return truth_table(self.word, np.array(self.outputs), ("a", "b"), f"a {self.word} b")


@dataclass(frozen=True)
class And(Operator):
    """Truth table of AND: 1 if both inputs are 1."""

    word = "and"
    outputs = (0, 0, 0, 1)


@dataclass(frozen=True)
class Or(Operator):
    """Truth table of OR: 1 if any input is 1."""

    word = "or"
    outputs = (0, 1, 1, 1)


@dataclass(frozen=True)
class Xor(Operator):
    """Truth table of XOR: 1 if the inputs differ, which no network without a hidden layer can learn."""

    word = "xor"
    outputs = (0, 1, 1, 0)


@dataclass(frozen=True)
class MajorityTable(TruthTable):
    """Truth table of the majority: 1 if more than half of the inputs are 1."""

    inputs: int = parameter(5, at_least=1, at_most=12, whole=True, description="number of inputs")

    def load(self, seed: int) -> Dataset:
        ones = combinations(self.inputs).sum(axis=1)
        names = tuple(f"input_{number + 1}" for number in range(self.inputs))
        return truth_table("majority", 2 * ones > self.inputs, names, "majority")


def combinations(input_count: int) -> np.ndarray:
    """All rows of `input_count` zeros and ones, counting up in binary."""
    return np.array(list(itertools.product([0.0, 1.0], repeat=input_count)))


def truth_table(name: str, outputs: np.ndarray, input_names: tuple[str, ...], target_name: str) -> Dataset:
    """The data set with `outputs` (2ⁿ,) for all rows of its inputs."""
    targets = outputs.astype(np.float64)[:, np.newaxis]
    inputs = combinations(len(input_names))
    return Dataset(name, inputs, targets, "classes", input_names, (target_name,), class_names=("0", "1"))


TRUTH_TABLES: dict[str, type[Source]] = {"and": And, "or": Or, "xor": Xor, "majority": MajorityTable}
