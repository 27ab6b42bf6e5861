"""A named data set: a variant that knows how to load itself and how it is usually prepared."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from fitgap.core.data import Dataset
from fitgap.core.variants import Variant

Preprocess = Literal["standard", "minmax", "none"]
Validation = float | int | Literal["same"]


@dataclass(frozen=True)
class SourceDefaults:
    """What a sweep does with a data set unless it says otherwise: how inputs are scaled, which examples validate."""

    preprocess: Preprocess
    validation: Validation


@dataclass(frozen=True)
class Source(Variant):
    """Base of every named data set. The first line of a subclass's docstring is its description.

    `reading` names how its targets become outputs, a key of `fitgap.core.target_coding.READINGS`.
    """

    preprocess: ClassVar[Preprocess] = "standard"
    validation: ClassVar[Validation] = 0.3
    reading: ClassVar[str] = "one_per_class"

    def load(self, seed: int) -> Dataset:
        """The examples; `seed` matters only to the sets that are drawn at random."""
        raise NotImplementedError
