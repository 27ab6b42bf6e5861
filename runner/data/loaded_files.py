"""The result of loading a file: its data set, how it was read, and what was lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fitgap.core.datasets import Dataset
from fitgap.runner.data.treatment import Treatment


@dataclass(frozen=True)
class Losses:
    """The numbers of rows without a target, of rows left out for missing inputs, and of missing inputs by column."""

    untargeted: int = 0
    incomplete: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadedFile:
    """A data set from a file, how it was read, and what was lost."""

    dataset: Dataset
    treatment: Treatment
    losses: Losses
