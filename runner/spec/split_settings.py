"""Validation and test examples in the `data` section of a sweep: shares, numbers, folds and rules."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import SpecNode, is_number

if TYPE_CHECKING:
    from fitgap.runner.data import SplitRule

MOST_FOLDS = 1000
RULE_KEYS = ("group", "last", "by", "column", "file")

Validation = float | int | Literal["same"]


@dataclass(frozen=True)
class Folds:
    """k-fold validation: each repeat validates on a different one of k folds."""

    count: int


def written_split(split: "Validation | Folds | SplitRule | None") -> Any:
    """A split as a sweep file would contain it."""
    from fitgap.runner.data import SplitRule

    if isinstance(split, Folds):
        return {"folds": split.count}
    return split.canonical() if isinstance(split, SplitRule) else split


def read_test(node: SpecNode) -> "Validation | SplitRule":
    """The test examples, given in the same ways as for validation, except folds and `same`."""
    found = read_validation(node)
    if isinstance(found, Folds) or found == "same" or getattr(found, "folds", False):
        raise node.wrong("must be one set of examples: a share, a number, or a rule such as {last: 0.2}")
    return found


def read_validation(node: SpecNode) -> "Validation | Folds | SplitRule":
    """A share between 0 and 1, a number of examples, `same` (the training examples), folds, or a rule."""
    value = node.value
    if isinstance(value, str) and "=" in value:
        try:
            return read_validation(SpecNode(parse_settings(value), node.path))
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    if isinstance(value, dict) and set(value) & set(RULE_KEYS):
        return read_rule(node)
    if isinstance(value, dict) and value:
        return read_folds(node)
    if isinstance(value, str) and (written := re.fullmatch("([0-9]{1,9})-fold", value)):
        return checked_folds(node, int(written[1]))
    is_count = isinstance(value, int) and is_number(value) and value >= 1
    is_share = isinstance(value, float) and 0 < value < 1
    if not (is_count or is_share or value == "same"):
        raise node.wrong(
            "must be a share above 0 and below 1, a whole number of examples, folds such as 5-fold, same, "
            "or a rule such as group=COLUMN, last=0.3, column=COLUMN or file=PATH"
        )
    return value


def read_rule(node: SpecNode) -> "SplitRule":
    """A rule that splits by a column, by order, or by a second file."""
    from fitgap.runner.data import SplitRule

    entries = node.entries((*RULE_KEYS, "amount", "folds"))
    if "group" in entries:
        check_only(node, entries, ("group", "amount", "folds"))
        folds = entries["folds"].whole_number(2, MOST_FOLDS) if "folds" in entries else 0
        return SplitRule("group", entries["group"].text(), read_amount(entries.get("amount")), folds)
    if "last" in entries or "by" in entries:
        check_only(node, entries, ("last", "by"))
        by = entries["by"].text() if "by" in entries else None
        return SplitRule("last", by, read_amount(entries.get("last")))
    kind: Literal["column", "file"] = "column" if "column" in entries else "file"
    check_only(node, entries, (kind,))
    return SplitRule(kind, entries[kind].text())


def check_only(node: SpecNode, entries: Mapping[str, SpecNode], keys: Sequence[str]) -> None:
    """Raise SpecError if a rule has keys of another one."""
    for key in entries:
        if key not in keys:
            raise SpecError(f"{key} does not go with {keys[0]}; known: {', '.join(keys)}", (*node.path, key))


def read_amount(node: SpecNode | None) -> float | int:
    """A share or a number of examples; 0.3 by default."""
    if node is None:
        return 0.3
    value = node.value
    is_count = isinstance(value, int) and is_number(value) and value >= 1
    if not (is_count or (isinstance(value, float) and 0 < value < 1)):
        raise node.wrong("must be a share above 0 and below 1, or a whole number of examples")
    return float(value) if isinstance(value, float) else int(value)


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
