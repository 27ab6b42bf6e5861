"""The table of named data sets, and loading them by name and options."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os.path import isfile
from typing import Any

from fitgap.core.datasets import Dataset
from fitgap.core.variants import ParameterError
from fitgap.runner.data.error_texts import visible
from fitgap.runner.data.named_set import DrawnSource, Redraw, Source, with_group_marks
from fitgap.runner.data.shipped_sets import SHIPPED_SETS
from fitgap.runner.data.split_rules import SplitRule
from fitgap.runner.data.synthetic_sets import DRAWN_SETS
from fitgap.runner.data.truth_tables import TRUTH_TABLES
from fitgap.runner.errors import DataError, nearest

SOURCES: dict[str, type[Source]] = {**SHIPPED_SETS, **TRUTH_TABLES, **DRAWN_SETS}


def find_source(name: str) -> type[Source]:
    """The class of the data set called `name`; DataError if there is none."""
    if name not in SOURCES and isfile(name):
        raise DataError(
            f"unknown data set '{visible(name)}', but there is a file of this name; write ./{visible(name)}"
        )
    if name not in SOURCES:
        raise DataError(
            f"unknown data set '{visible(name)}': {nearest(name, SOURCES)}; "
            f"name a file by its path with suffix, such as table.csv"
        )
    return SOURCES[name]


def load_named(
    name: str,
    options: Mapping[str, Any],
    target: Sequence[str],
    seed: int,
    splits: Mapping[str, SplitRule] = {},
) -> Dataset:
    """The data set called `name`, with the marks that `splits` defines for each use.

    Raises DataError for an unknown name, an invalid option, a given target, or a split that the data set does not have.
    """
    kind = find_source(name)
    if target:
        raise DataError(
            f"{name}: a named data set has its own target, but '{visible(target[0])}' was given; "
            f"remove --target or data.target"
        )
    dataset = build_source(name, kind, options).load(seed)
    return with_group_marks(dataset, columns_of(dataset, splits)) if splits else dataset


def columns_of(dataset: Dataset, splits: Mapping[str, SplitRule]) -> dict[str, str]:
    """The group columns that split a named data set, by use. Raises DataError for any other rule or column."""
    for use, rule in splits.items():
        if rule.kind != "group" or rule.name not in dataset.groups:
            known = (
                f"it can be split by group={', group='.join(dataset.groups)}"
                if dataset.groups
                else "it has no such column"
            )
            raise DataError(
                f"{use}: {dataset.name} is a named data set, which is split by a share, a number, folds or a column of "
                f"groups; {known}"
            )
    return {use: str(rule.name) for use, rule in splits.items()}


def load_redrawn(
    name: str,
    options: Mapping[str, Any],
    target: Sequence[str],
    seed: int,
    folds: int,
    splits: Mapping[str, SplitRule] = {},
) -> Dataset:
    """The data set called `name`, redrawn for every repeat. Raises DataError if it is not drawn at random."""
    dataset = load_named(name, options, target, seed, splits)
    source = build_source(name, find_source(name), options)
    if not isinstance(source, DrawnSource):
        raise DataError(not_drawn(name))
    return replace(dataset, redraw=Redraw(source, seed, folds, tuple(columns_of(dataset, splits).items())))


def not_drawn(source: str) -> str:
    """The message for data that cannot be redrawn."""
    return (
        f"resample: data draws the examples of every repeat anew, but those of {visible(source)} are fixed; "
        f"leave it out, or use one of {', '.join(DRAWN_SETS)}"
    )


def build_source(name: str, kind: type[Source], options: Mapping[str, Any]) -> Source:
    """The data set with these options; DataError for an unknown option or a value outside its domain."""
    try:
        return kind.from_settings(options)
    except ParameterError as error:
        known = kind.parameters()
        if error.parameter in known:
            rule = f"{error.parameter} {error.rule}, but is {visible(error.value)}"
        elif known:
            rule = f"unknown option '{visible(error.parameter)}': {nearest(error.parameter, known)}"
        else:
            rule = f"takes no options, but '{visible(error.parameter)}' was given; remove it"
        raise DataError(f"{name}: {rule}") from None
