"""The table of configurations that a sweep would train: their main settings, and all others that vary."""

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fitgap.runner.cli.render.text_tables import print_table

if TYPE_CHECKING:
    from fitgap.runner.spec import Sweep

USUAL = ("architecture", "activation", "regularizer", "optimizer", "batch_size", "planned_epochs", "parameters")
# Axes whose column has another name.
COLUMN_OF_AXIS = {"epochs": "planned_epochs"}


def print_planned(rows: Iterable[Mapping[str, Any]], sweep: "Sweep") -> None:
    """Print the rows of configurations. Settings that vary are always shown, however narrow the terminal is."""
    shown = [{**row, "preprocess": row["settings"].get("preprocess") or "auto"} for row in rows]
    several = [axis for axis, alternatives in sweep.axes.items() if len(list(itertools.islice(alternatives, 2))) > 1]
    varied = [COLUMN_OF_AXIS.get(axis, axis) for axis in several]
    keys = [*USUAL, *(key for key in varied if key not in USUAL and all(key in row for row in shown))]
    print_table(shown, keys, labels=varied)
