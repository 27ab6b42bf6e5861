"""Truth tables of two inputs: four examples and one output of 0 or 1."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.data import Dataset
from runner.sources.source import Source

ROWS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@dataclass(frozen=True)
class TruthTable(Source):
    """A truth table. It has no unseen rows, so it validates on the rows it trains on."""

    preprocess = "none"
    validation = "same"
    word: ClassVar[str]
    # The outputs for the inputs 00, 01, 10, 11.
    outputs: ClassVar[tuple[float, float, float, float]]

    def load(self, seed: int) -> Dataset:
        targets = np.array(self.outputs)[:, np.newaxis]
        return Dataset(self.word, ROWS.copy(), targets, "classes", ("a", "b"), (f"a {self.word} b",))


@dataclass(frozen=True)
class And(TruthTable):
    """Truth table of AND: 1 where both inputs are 1."""

    word = "and"
    outputs = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Or(TruthTable):
    """Truth table of OR: 1 where an input is 1."""

    word = "or"
    outputs = (0.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Xor(TruthTable):
    """Truth table of XOR: 1 where the inputs differ, which no network without a hidden layer can learn."""

    word = "xor"
    outputs = (0.0, 1.0, 1.0, 0.0)


TRUTH_TABLES: dict[str, type[Source]] = {"and": And, "or": Or, "xor": Xor}
