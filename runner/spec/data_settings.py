"""The `data` section of a sweep: the data set and its preparation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from fitgap.runner.errors import SpecError, nearest
from fitgap.runner.spec.choices import read_choice, single_value
from fitgap.runner.spec.validation import LONGEST_SHOWN, SpecNode, is_number, shown

PREPROCESS = ("standard", "minmax", "none")
TARGET_SCALING = ("standard", "none")
KEYS = ("source", "target", "validation", "stratified", "preprocess", "target_scaling", "missing", "text")
MOST_FOLDS = 1000

Validation = float | int | Literal["same"]


@dataclass(frozen=True)
class Folds:
    """k-fold validation: each repeat validates on another one of k folds."""

    count: int


@dataclass(frozen=True)
class DataSettings:
    """The source (a named data set with its options, or a path) and its preparation; None is the source's default."""

    source: str
    options: Mapping[str, Any] = field(default_factory=dict)
    target: tuple[str, ...] = ()
    validation: Validation | Folds | None = None
    stratified: bool = True
    preprocess: Literal["standard", "minmax", "none"] | None = None
    target_scaling: Literal["standard", "none"] | None = None
    missing: str = "refuse"
    text: str = "refuse"

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """Read the settings from a mapping. Raises SpecError."""
        from fitgap.runner.data import MISSING, TEXT

        entries = node.entries(KEYS)
        if "source" not in entries:
            raise SpecError("source must be given: the name of a data set or the path of a file", node.path)
        readers = {
            "target": read_target,
            "validation": read_validation,
            "stratified": read_truth,
            "preprocess": lambda entry: entry.one_of(PREPROCESS),
            "target_scaling": lambda entry: entry.one_of(TARGET_SCALING),
            "missing": lambda entry: entry.one_of(MISSING),
            "text": lambda entry: entry.one_of(TEXT),
        }
        source, options = read_source(entries["source"])
        return cls(source, options, **{key: read(entries[key]) for key, read in readers.items() if key in entries})

    @property
    def folds(self) -> int:
        """The number of folds; 0 if there are none."""
        return self.validation.count if isinstance(self.validation, Folds) else 0

    def canonical(self) -> dict[str, Any]:
        """The mapping that reads back as these settings."""
        return {
            "source": self.source if is_path(self.source) else {self.source: dict(self.options)},
            "target": list(self.target),
            "validation": {"folds": self.folds} if self.folds else self.validation,
            "stratified": self.stratified,
            "preprocess": self.preprocess,
            "target_scaling": self.target_scaling,
            "missing": self.missing,
            "text": self.text,
        }


def is_path(source: str) -> bool:
    """Whether a source is a path, judged by its text alone."""
    from fitgap.runner.data import SOURCES, is_file

    # `sine:noise=0.2` seems to end in a file suffix.
    name, _, settings = source.partition(":")
    is_shorthand = name in SOURCES or ("=" in settings and "/" not in source)
    return not is_shorthand and is_file(source)


def read_source(node: SpecNode) -> tuple[str, dict[str, Any]]:
    """The name and options of a data set, or a path without options."""
    from fitgap.runner.data import SOURCES

    if isinstance(node.value, str):
        if is_path(node.value):
            return node.value, {}
        name = node.value.partition(":")[0]
        if name not in SOURCES:
            advice = f"{nearest(name[:LONGEST_SHOWN], SOURCES)}; name a file by its path, such as data.csv"
            raise SpecError(f"there is no data set {shown(name)}; {advice}", node.path)
    choice = single_value(read_choice(node, SOURCES, "data set"), node)
    return choice.name, choice.variant.settings()


def read_target(node: SpecNode) -> tuple[str, ...]:
    """The names of the target columns, from a string or a list of strings."""
    if isinstance(node.value, list):
        return tuple(node.child(position).text() for position in range(len(node.value)))
    return (node.text(),)


def read_validation(node: SpecNode) -> Validation | Folds:
    """A share between 0 and 1, a number of examples, `same` (the training examples), or folds."""
    value = node.value
    if isinstance(value, dict) and value:
        return read_folds(node)
    if isinstance(value, str) and (written := re.fullmatch("([0-9]{1,9})-fold", value)):
        return checked_folds(node, int(written[1]))
    is_count = isinstance(value, int) and is_number(value) and value >= 1
    is_share = isinstance(value, float) and 0 < value < 1
    if not (is_count or is_share or value == "same"):
        raise node.wrong(
            "must be a share above 0 and below 1, a whole number of examples, folds such as 5-fold, or same"
        )
    return value


def read_folds(node: SpecNode) -> Folds:
    """Folds from a mapping, `folds: 5`."""
    entries = node.entries(("folds",))
    if "folds" not in entries:
        raise SpecError("folds must be given: the number of folds, at least 2", node.path)
    return Folds(entries["folds"].whole_number(2, MOST_FOLDS))


def checked_folds(node: SpecNode, count: int) -> Folds:
    """Folds from the short form `5-fold`; SpecError if the number is out of range."""
    if not 2 <= count <= MOST_FOLDS:
        raise node.wrong(f"must be at least 2-fold, at most {MOST_FOLDS}-fold")
    return Folds(count)


def read_truth(node: SpecNode) -> bool:
    """True or false."""
    if not isinstance(node.value, bool):
        raise node.wrong("must be true or false")
    return node.value
