"""A trained network as a model, with the names of its inputs, targets and classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from fitgap.core.model import Model
from fitgap.core.scaling import InputTransform
from fitgap.core.variants import Variant
from fitgap.runner.data import Treatment


@dataclass(frozen=True)
class NamedModel:
    """A model with the names of its inputs, targets and classes."""

    model: Model
    input_names: tuple[str, ...]
    text_columns: dict[str, tuple[str, ...]]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...]
    fills_missing: bool
    # How the training file was read; None for a named data set.
    treatment: Treatment | None = None

    @property
    def input_axes(self) -> tuple[int, ...]:
        """The axes of an example if the first layer needs them, else ()."""
        shape = tuple(self.model.layers[0].shape)
        return shape if len(shape) > 1 else ()


def read_transform(learned: dict[str, np.ndarray]) -> InputTransform:
    """The input transform from its arrays; sweeps and files of fitgap 0.1 have no limits."""
    low, high = learned.get("input_low"), learned.get("input_high")
    if low is not None and high is not None:
        low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return InputTransform(learned["input_fill"], learned["input_shift"], learned["input_factor"], low, high)


def name_of(variant: Variant, table: Any) -> str:
    """The name of a variant's class in a table."""
    return next(name for name, kind in table.items() if kind is type(variant))
