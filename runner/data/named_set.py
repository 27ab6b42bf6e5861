"""Base class of the named data sets: variants that load themselves and have a default preparation."""

from dataclasses import dataclass
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

    `reading` is the coding of its targets, a key of `fitgap.core.target_coding.READINGS`.
    """

    preprocess: ClassVar[Preprocess] = "standard"
    validation: ClassVar[Validation] = 0.3
    reading: ClassVar[str] = "one_per_class"

    def load(self, seed: int) -> Dataset:
        """The examples; `seed` matters only for randomly drawn sets."""
        raise NotImplementedError
