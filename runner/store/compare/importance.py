"""Importance of settings: the shares of a measure's variance explained by each axis and pair of axes of a sweep."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from fitgap.runner.analysis.filling import filled
from fitgap.runner.analysis.scaling import logarithms, ranks
from fitgap.runner.analysis.shares import Share, Shares, nested_shares, shares
from fitgap.runner.analysis.spreads import averages
from fitgap.runner.errors import StoreError
from fitgap.runner.store.compare.axis_columns import (
    COLUMNS,
    Nesting,
    axes_of,
    configurations_of,
    is_search,
    nesting_of,
    numbered,
)
from fitgap.runner.store.compare.completed_trials import (
    TrialSelection,
    completed_trials,
    measure,
    pruned_count,
)
from fitgap.runner.store.compare.drawn_settings import WITHOUT_KINDS, drawn_groups
from fitgap.runner.store.filter import class_names
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.schema.tables import configuration
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# A sweep has at most a million trials, so with more cells only a fraction of the combinations was trained.
MOST_CELLS = 4_000_000


class Scale(StrEnum):
    """Whether to decompose the variance of the measure itself, of its logarithm or of its ranks."""

    LINEAR = "linear"
    LOG = "log"
    RANK = "rank"


SCALED: dict[Scale, Callable[[np.ndarray], np.ndarray]] = {
    Scale.LINEAR: np.asarray,
    Scale.LOG: logarithms,
    Scale.RANK: ranks,
}


@dataclass(frozen=True)
class Design:
    """The design of the experiment: for each trial its alternative in every axis and its repeat, as indices from 0."""

    axes: list[str]
    alternatives: list[list[Any]]
    places: list[np.ndarray]
    repeat: np.ndarray
    # The kinds of alternatives of each axis, and whether some alternatives are groups of drawn values.
    nestings: Mapping[str, Nesting]
    is_grouped: bool = False

    @property
    def effect_count(self) -> int:
        """The number of free parameters of a model with the mean and the main effects of all settings and repeats."""
        return 1 + int(self.repeat.max(initial=0)) + sum(len(names) - 1 for names in self.alternatives)

    def among(self, chosen: np.ndarray) -> "Design":
        """The design of some trials, without unused alternatives and without axes in which the trials do not differ."""
        repeat = np.unique(self.repeat[chosen], return_inverse=True)[1]
        design = Design([], [], [], repeat, self.nestings, self.is_grouped)
        for axis, alternatives, place in zip(self.axes, self.alternatives, self.places, strict=True):
            left, numbers = np.unique(place[chosen], return_inverse=True)
            if len(left) > 1:
                design.axes.append(axis)
                design.alternatives.append([alternatives[each] for each in left])
                design.places.append(numbers)
        return design


def importance(
    connection: Connection,
    sweep_id: int,
    of: Sequence[str],
    *,
    scale: str = Scale.LINEAR,
    where: ColumnElement[bool] | None = None,
) -> list[Row]:
    """For each measure the shares of its variance, which add up to 1: axes, pairs, higher interactions, repeats, noise.

    Only completed trials count; every row reports how many others were pruned. Measures with the same value in all
    trials are omitted. Raises StoreError if there are fewer trials than effects of settings.
    """
    classes = class_names(connection, [sweep_id])
    for name in of:
        measure(name, classes)
    if scale not in set(Scale):
        raise StoreError(f"there is no scale {scale!r}; known: {', '.join(Scale)}")
    design, measured = read(connection, sweep_id, of, where)
    pruned = pruned_count(connection, TrialSelection([sweep_id], where))
    found = [
        {**row, "pruned": pruned}
        for name, value in zip(of, measured, strict=True)
        for row in explained(name, SCALED[Scale(scale)](value), design)
    ]
    if not found and measured:
        require_enough(design.among(~np.isnan(measured[0])), measured[0])
    return found


def require_enough(design: Design, value: np.ndarray) -> None:
    """Raise StoreError if there are fewer trials than effects of settings."""
    trials, effects = int((~np.isnan(value)).sum()), design.effect_count
    if design.axes and trials < effects:
        raise StoreError(
            f"shares need at least as many completed trials as their settings have effects, {effects:,}, but there are "
            f"{trials:,}: train more, or choose trials that differ in fewer settings with --where"
        )


def read(
    connection: Connection, sweep_id: int, of: Sequence[str], where: ColumnElement[bool] | None
) -> tuple[Design, list[np.ndarray]]:
    """The design of the completed trials of a sweep, and their measures. In a search, numbers drawn from ranges are
    grouped.
    """
    completed = completed_trials(connection, TrialSelection([sweep_id], where), of)
    axes = axes_of(connection, sweep_id)
    found = configurations_of(connection, [sweep_id], [*(COLUMNS[axis] for axis in axes), configuration.c.parameters])
    numbers, *columns, sizes = zip(*found, strict=True)
    place = np.searchsorted(numbers, completed.configuration)
    nestings = {axis: nesting_of(connection, sweep_id, axis) for axis in axes}
    settings, is_grouped = list(map(list, columns)), False
    if is_search(connection, sweep_id):
        used = np.unique(place).tolist()
        for number, axis in enumerate(axes):
            drawn = settings[number]
            kind = {} if axis in WITHOUT_KINDS else nestings[axis].kind
            groups = drawn_groups(connection, sweep_id, axis, drawn, sizes, used)
            is_grouped |= any(group != each for each, group in groups.items())
            nestings[axis] = Nesting({groups[each]: kind.get(each, "") for each in groups}, nestings[axis].varied)
            settings[number] = [groups.get(each, each) for each in drawn]
    coded = [numbered(column) for column in settings]
    places = [codes[place] for codes, _ in coded]
    design = Design(axes, [names for _, names in coded], places, completed.repeat, nestings, is_grouped)
    return design, [completed.measured[name] for name in of]


def explained(of: str, value: np.ndarray, design: Design) -> Iterator[Row]:
    """The rows of one measure."""
    known = ~np.isnan(value)
    design = design.among(known)
    grid = grid_of(design, value[known])
    if np.isnan(grid).any() and known.sum() < design.effect_count:
        # There are too few trials to estimate the missing cells.
        return
    found = shares(filled(grid)) if design.axes else None
    if found is None:
        return
    facts = {"trials": int(known.sum()), "filled": int(np.isnan(grid).sum())}
    facts |= {"grouped": design.is_grouped}
    for part in parts(found, design):
        yield {"of": of, **part, **facts}


def grid_of(design: Design, value: np.ndarray) -> np.ndarray:
    """The values as a grid with one dimension per axis and one for repeats; NaN where there is no trial."""
    places = [*design.places, design.repeat]
    shape = [int(place.max(initial=0)) + 1 for place in places]
    cells = int(np.prod(shape, dtype=float))
    if cells > MOST_CELLS:
        raise StoreError(
            f"{len(value):,} trials are too few for the {cells:,} combinations of their settings; "
            "restrict the trials with --where"
        )
    return averages(np.ravel_multi_index(places, shape), value, cells).reshape(shape)


def parts(found: Shares, design: Design) -> Iterator[Row]:
    """The rows of all shares: axes with their parts, pairs, higher interactions, repeat and noise."""
    for number, share in enumerate(found.axes):
        axis = design.axes[number]
        yield row(axis, "axis", share, axis=axis)
        yield from nested(axis, design.alternatives[number], found.main[number], design.nestings[axis])
    for share in found.pairs:
        one, other = (design.axes[number] for number in share.axes)
        yield row(f"{one} × {other}", "pair", share, axis=one, other_axis=other)
    if len(design.axes) > 2:
        yield row("three axes or more", "rest", found.rest)
    if found.main[0].shape[1] > 1:
        yield row("repeat", "repeat", Share((), found.repeat, np.nan))
        yield {**row("noise", "noise", Share((), found.left, np.nan)), "share": found.noise}


def nested(axis: str, alternatives: Sequence[Any], effect: np.ndarray, nesting: Nesting) -> Iterator[Row]:
    """The parts of an axis's own share, if it has several kinds of alternatives and several alternatives of one kind.

    The parts add up to the share.
    """
    if axis in WITHOUT_KINDS:
        return
    codes, kinds = numbered(nesting.kind.get(each, "") for each in alternatives)
    if len(kinds) in (1, len(alternatives)):
        return
    between, inside = nested_shares(effect, codes)
    yield row(f"{axis}: which", "part", between, axis=axis)
    for code, share in inside.items():
        parameters = ", ".join(nesting.varied[kinds[code]])
        yield row(f"{axis}: {kinds[code]} {parameters}", "part", share, axis=axis)


def row(effect: str, kind: str, share: Share, *, axis: str | None = None, other_axis: str | None = None) -> Row:
    """The row of one share: corrected for noise, as measured, and the contribution of noise."""
    return {
        "effect": effect,
        "kind": kind,
        "axis": axis,
        "other_axis": other_axis,
        "share": share.without_noise,
        "raw_share": share.raw,
        "noise_share": None if np.isnan(share.noise) else share.noise,
    }
