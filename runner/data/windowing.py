"""Windows over the rows of a table in time order: each example is a sequence of rows and the target of a later row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from fitgap.core.datasets import FIRST_ROW, LAST_ROW, Dataset
from fitgap.core.example_weights import WEIGHT
from fitgap.runner.data.bounds import INPUT_COPIES, VALUE_BYTES, check_memory
from fitgap.runner.data.error_texts import file_error, visible


@dataclass(frozen=True)
class Windowing:
    """How a table becomes sequences: `window` rows each, starting `step` rows apart, in the order of the column `by`
    (None for the order of the file). The target is taken `horizon` rows after the last row of the window.

    `channels` names the columns of a row, once they are known. They include targets that are numbers if the horizon is
    at least 1, because their past is then known. `date_format` is the format of `by`, if the user has named it.
    """

    window: int
    by: str | None = None
    step: int = 1
    horizon: int = 1
    channels: tuple[str, ...] = ()
    date_format: str | None = None

    def canonical(self) -> dict[str, Any]:
        """The mapping that reads back as this setting."""
        by = {} if self.by is None else {"by": self.by}
        return {"window": self.window, **by, "step": self.step, "horizon": self.horizon}

    def as_json(self) -> dict[str, Any]:
        """The same, with what was detected in the file."""
        return {**self.canonical(), "channels": list(self.channels), "date_format": self.date_format}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        numbers = {name: int(stored[name]) for name in ("window", "step", "horizon")}
        channels = tuple(map(str, stored["channels"]))
        return cls(by=stored.get("by"), channels=channels, date_format=stored.get("date_format"), **numbers)

    def target_rows(self, count: int) -> np.ndarray:
        """The rows (N,) of the targets of this many windows; they may be after the last row."""
        return np.arange(count) * self.step + self.window - 1 + self.horizon

    def windows(self, source: str, rows: np.ndarray, needed: int) -> np.ndarray:
        """All windows (N, window · C) over sorted rows (R, C) that are followed by at least `needed` rows.

        Raises DataError if there is none.
        """
        count = (len(rows) - needed - self.window) // self.step + 1
        if count < 1:
            behind = f" and a target {needed} after it" if needed else ""
            rule = f"{len(rows)} rows are too few for a window of {self.window} rows{behind}"
            raise file_error(source, f"{rule}; choose a smaller window")
        check_memory(source, INPUT_COPIES * VALUE_BYTES * count * self.window * rows.shape[1])
        views = np.lib.stride_tricks.sliding_window_view(rows, self.window, axis=0)[:: self.step][:count]
        return np.moveaxis(views, -1, 1).reshape(count, -1)

    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, by the distance from the row of the target: `load.t-24`, …, `load.t-1`."""
        distances = range(self.window - 1 + self.horizon, self.horizon - 1, -1)
        return tuple(f"{name}.t-{distance}" for distance in distances for name in self.channels)


def windowed(dataset: Dataset, windowing: Windowing, lost: int, is_bare: bool = False) -> tuple[Dataset, Windowing]:
    """The windows over the rows of a table as a data set, and the windowing with its channels.

    The marks for validation must be the ranks of the rows in time. If the table `is_bare`, its only input is the number
    of the row, which the past of the target replaces. Raises DataError if rows were `lost`, if an input is text, or if
    there are no inputs.
    """
    source = dataset.name
    if lost:
        rule = f"{lost} rows lack a target or an input and would be left out of the windows"
        raise file_error(source, f"{rule}; fill them in, or choose --missing median for inputs")
    if dataset.text_columns:
        name = next(iter(dataset.text_columns))
        rule = f"column '{visible(name)}' holds text, but the rows of windows must hold numbers"
        raise file_error(source, f"{rule}; leave it out with --ignore, or store numbers")
    order = np.argsort(dataset.marks["validation"], kind="stable")
    rows, targets = dataset.inputs[order], dataset.targets[order]
    names = dataset.input_names
    has_past = windowing.horizon > 0 and dataset.target_kind == "numbers"
    if is_bare and not has_past:
        rule = "no input column is left, and past targets are inputs only for a numeric target in a later row"
        raise file_error(source, f"{rule}; choose a horizon of at least 1, or name inputs with --inputs")
    if is_bare:
        rows, names = rows[:, :0], ()
    if has_past:
        rows, names = np.hstack([rows, targets]), (*names, *dataset.target_names)
    windowing = replace(windowing, channels=names)
    inputs = windowing.windows(source, rows, windowing.horizon)
    chosen = windowing.target_rows(len(inputs))
    found = replace(
        dataset,
        inputs=inputs,
        targets=targets[chosen],
        input_names=windowing.input_names(),
        input_axes=(windowing.window, len(names)),
        marks=marks_of_windows(dataset.marks, order, chosen, windowing),
    )
    return found, windowing


def marks_of_windows(
    marks: Mapping[str, np.ndarray], order: np.ndarray, chosen: np.ndarray, windowing: Windowing
) -> dict[str, np.ndarray]:
    """The marks of windows whose targets are in the rows `chosen` after sorting by time (`order`)."""
    ranks = {use: np.arange(len(chosen)) for use in ("validation", "test") if use in marks}
    weights = {WEIGHT: marks[WEIGHT][order][chosen]} if WEIGHT in marks else {}
    first = np.arange(len(chosen)) * windowing.step
    return {**ranks, **weights, FIRST_ROW: first, LAST_ROW: np.maximum(chosen, first + windowing.window - 1)}


def shifted_targets(windowing: Windowing, targets: np.ndarray) -> np.ndarray:
    """The targets (N, m) of all windows over sorted rows, from those of the rows (R, m); NaN after the last row."""
    count = max(0, (len(targets) - windowing.window) // windowing.step + 1)
    rows = windowing.target_rows(count)
    known = rows < len(targets)
    return np.where(known[:, np.newaxis], targets[np.where(known, rows, 0)], np.nan)


def ordered(values: np.ndarray, ranks: Sequence[int] | np.ndarray | None) -> np.ndarray:
    """The rows sorted by rank; unchanged if `ranks` is None."""
    return values if ranks is None else values[np.argsort(ranks, kind="stable")]
