"""What loading a file gives: its data set, how it was read, and what was lost on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fitgap.core.datasets import Dataset
from fitgap.runner.data.treatment import Treatment


@dataclass(frozen=True)
class Losses:
    """Rows without a target, rows left out for missing inputs, and the number of missing inputs by column."""

    untargeted: int = 0
    incomplete: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadedFile:
    """A data set from a file, how it was read, and what was lost."""

    dataset: Dataset
    treatment: Treatment
    losses: Losses
