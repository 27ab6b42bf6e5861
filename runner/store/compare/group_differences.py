"""Differences of groups from a baseline: the best group, or one that is named."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fitgap.runner.analysis.best import differences_from_best
from fitgap.runner.analysis.pairing import Measured, differences
from fitgap.runner.analysis.power import repeats_needed
from fitgap.runner.errors import StoreError, nearest
from fitgap.runner.store.database.values import finite
from fitgap.runner.store.read.lookups import Row


@dataclass(frozen=True)
class Baseline:
    """The name of the group to compare with, or None for the best; and whether larger values are better.

    `spent` is the number of degrees of freedom lost by choosing the settings of tuned groups.
    """

    name: str | None
    is_more_better: bool
    spent: int = 0


def add_differences(groups: list[Row], trials: Measured, labels: Sequence[str], baseline: Baseline) -> None:
    """Add the differences from the baseline group, with their uncertainty; null for the baseline itself.

    The groups are sorted, best first. Intervals for differences from the best group account for its selection.
    """
    place = position_of(labels, baseline.name)
    find = differences if baseline.name is not None else differences_from_best
    found = find(trials, len(groups), place, baseline.spent)
    needed = repeats_needed(found)
    for number, group in enumerate(groups):
        mean, margin = float(found.mean[number]), float(found.margin[number])
        group["against"] = labels[place]
        group["difference"] = finite(mean)
        group["difference_se"] = finite(found.error[number])
        group["difference_margin"] = finite(margin)
        group["difference_low"], group["difference_high"] = finite(mean - margin), finite(mean + margin)
        group["pairs"], group["paired_repeats"] = int(found.pairs[number]), int(found.repeats[number])
        group["repeats_needed"] = needed[number]
        is_best = number == place and baseline.name is None
        group["could_be_best"] = True if is_best else could_be_best(mean, margin, baseline)


def could_be_best(mean: float, margin: float, baseline: Baseline) -> bool | None:
    """Whether a group is not significantly worse than the best; None if unknown."""
    if baseline.name is not None or math.isnan(margin):
        return None
    return (-mean if baseline.is_more_better else mean) <= margin


def label_of(value: object) -> str:
    """A group's setting as shown in its label: widths are whole numbers even if the database returns floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e6 else str(value)


def position_of(labels: Sequence[str], against: str | None) -> int:
    """The index of the baseline group, by default the first; StoreError if there is no such group."""
    if against is None:
        return 0
    wanted = in_one_way(against)
    for place, label in enumerate(labels):
        if in_one_way(label) == wanted:
            return place
    raise StoreError(f"there is no group {against!r} to compare with; {nearest(against, labels[:20])}")


def in_one_way(label: str) -> list[str | float]:
    """The settings in a label, with numbers parsed, so that `0.001` and `1e-3` name the same group."""
    found: list[str | float] = []
    for part in label.split(","):
        try:
            found.append(float(part))
        except ValueError:
            found.append(part.strip())
    return found
