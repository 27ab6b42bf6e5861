"""Table of named data sets, and loading of one by its name and options."""

from collections.abc import Mapping, Sequence
from os.path import isfile
from typing import Any

from fitgap.core.datasets import Dataset
from fitgap.core.variants import ParameterError
from fitgap.runner.data.error_texts import visible
from fitgap.runner.data.named_set import Source
from fitgap.runner.data.shipped_sets import SHIPPED_SETS
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


def load_named(name: str, options: Mapping[str, Any], target: Sequence[str], seed: int) -> Dataset:
    """The data set called `name`. Raises DataError for an unknown name, an invalid option, or if a target is given."""
    kind = find_source(name)
    if target:
        raise DataError(
            f"{name}: a named data set has its own target, but '{visible(target[0])}' was given; "
            f"remove --target or data.target"
        )
    return build_source(name, kind, options).load(seed)


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
