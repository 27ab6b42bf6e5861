"""Nodes: values in a written sweep together with their paths."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from fitgap.runner.errors import SpecError, nearest

LONGEST_SHOWN = 60

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class SpecNode:
    """Plain data (mapping, list, text, number, true, false or None) and its path in the sweep."""

    value: Any
    path: Path = ()

    def child(self, key: str | int) -> "SpecNode":
        """The entry `key` of a mapping or a list."""
        return SpecNode(self.value[key], (*self.path, key))

    def wrong(self, rule: str, advice: str = "") -> SpecError:
        """The error for a value that breaks `rule`."""
        return SpecError(f"{rule}, but is {shown(self.value)}" + (f"; {advice}" if advice else ""), self.path)

    def entries(self, known: Collection[str]) -> dict[str, "SpecNode"]:
        """The entries of a mapping that may only have `known` keys; empty ones count as not given."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            example = ", such as " + next(iter(known)) if known else "; none exist here"
            raise self.wrong(f"must be a mapping of settings{example}")
        for key in self.value:
            if key not in known:
                raise unknown_key(self, key, known)
        return {key: self.child(key) for key, value in self.value.items() if value is not None}

    def leaves(self) -> Iterator["SpecNode"]:
        """The alternatives: the items of this list and of nested lists, or this node itself if it is not a list."""
        if not isinstance(self.value, list):
            yield self
            return
        if not self.value:
            raise self.wrong("must name at least one alternative")
        for position in range(len(self.value)):
            yield from self.child(position).leaves()

    def text(self) -> str:
        """This value; SpecError unless it is text."""
        if not isinstance(self.value, str):
            raise self.wrong("must be text", "put it in quotes" if is_number(self.value) else "")
        return self.value

    def one_of(self, words: Collection[str], advice: str = "") -> str:
        """This value; SpecError unless it is one of `words`."""
        if not isinstance(self.value, str) or self.value not in words:
            raise self.wrong(f"must be one of {', '.join(words)}", advice)
        return self.value

    def whole_number(self, at_least: int, at_most: int) -> int:
        """This value as an int; SpecError unless it is a whole number within the bounds. 30.0 is accepted."""
        if not is_number(self.value) or not at_least <= self.value <= at_most or self.value != int(self.value):
            raise self.wrong(f"must be a whole number, at least {at_least}, at most {at_most}")
        return int(self.value)


def unknown_key(node: SpecNode, key: object, known: Collection[str]) -> SpecError:
    """The error for a key that is not allowed in a mapping."""
    advice = nearest(str(key)[:LONGEST_SHOWN], known) if known else "it has no settings"
    return SpecError(f"there is no setting {shown(key)} here; {advice}", (*node.path, str(key)))


def is_number(value: object) -> bool:
    """Whether `value` is a number; booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def shown(value: object) -> str:
    """A value in the form used in messages: one line of limited length."""
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
    return shortened(repr(value))


def shortened(text: str) -> str:
    """`text`, truncated if it is too long for a message."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
