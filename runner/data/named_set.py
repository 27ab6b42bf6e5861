"""Base class of the named data sets: variants that load themselves and have a default preparation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal

from fitgap.core.datasets import Dataset
from fitgap.core.variants import Variant

Preprocess = Literal["standard", "minmax", "none"]
Validation = float | int | Literal["same"]


@dataclass(frozen=True)
class SourceDefaults:
    """The default preparation of a data set: scaling of inputs and choice of validation examples."""

    preprocess: Preprocess
    validation: Validation


@dataclass(frozen=True)
class Source(Variant):
    """Base of all named data sets. The first line of a subclass's docstring is its description for users.

    `reading` is the coding of its targets, a key of `fitgap.core.target_coding.READINGS`. `origin` says in a few words
    where the examples come from, and their license.
    """

    preprocess: ClassVar[Preprocess] = "standard"
    validation: ClassVar[Validation] = 0.3
    reading: ClassVar[str] = "one_per_class"
    origin: ClassVar[str] = "synthetic"

    def load(self, seed: int) -> Dataset:
        """The examples; `seed` matters only for randomly drawn sets."""
        raise NotImplementedError


@dataclass(frozen=True)
class DrawnSource(Source):
    """Base of the data sets that are drawn at random, and can be drawn again."""

    def load(self, seed: int, draw: int = 0) -> Dataset:
        """The examples of a draw, determined by the seed and the number of the draw."""
        raise NotImplementedError


@dataclass(frozen=True)
class Redraw:
    """Draws the examples of every repeat anew; those of the first repeat are the first draw.

    With folds, all repeats that share a shuffled order share their examples too.
    """

    source: DrawnSource
    seed: int
    folds: int
    # The group columns that split the examples, by use.
    columns: tuple[tuple[str, str], ...] = ()

    def __call__(self, repeat: int) -> Dataset:
        dataset = drawn(self.source, self.seed, (repeat - 1) // max(1, self.folds))
        return with_group_marks(dataset, dict(self.columns))


def with_group_marks(dataset: Dataset, columns: Mapping[str, str]) -> Dataset:
    """The data set with marks from its group columns; `columns` names one for each use."""
    return replace(dataset, marks={use: dataset.groups[name] for use, name in columns.items()})


# The driver needs the examples of a repeat several times in a row.
@lru_cache(maxsize=2)
def drawn(source: DrawnSource, seed: int, draw: int) -> Dataset:
    """The examples of a draw."""
    return source.load(seed, draw)
