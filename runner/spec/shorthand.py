"""The shorthand `name:key=value,key=value`, joined by `+`, in flags and in sweep files."""

import re
from typing import Any

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.validation import SpecNode, shown

# A + between two names is followed by a letter, one inside a number such as 1e+3 by a digit. beta+gamma is one value.
BETWEEN_NAMES = re.compile(r"\+\s*(?=[A-Za-z_])(?!(?:beta|gamma)\b)")
LARGEST_WHOLE_NUMBER = 2**63 - 1


def parse_shorthand(text: str) -> dict[str, dict[str, Any]]:
    """Names with their settings, in the form of a mapping in a sweep file. Raises SpecError without a path."""
    named: dict[str, dict[str, Any]] = {}
    for part in BETWEEN_NAMES.split(text):
        name, _, settings = part.partition(":")
        if name.strip() in named:
            raise SpecError(f"{shown(name.strip())} is written twice; name it once")
        named[name.strip()] = parse_settings(settings)
    return named


def parse_settings(text: str) -> dict[str, Any]:
    """Settings from `key=value,key=value`. Raises SpecError without a path."""
    settings: dict[str, Any] = {}
    for part in text.split(",") if text.strip() else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise SpecError(f"{shown(part)} must have the form key=value; write alternatives separately")
        if key in settings:
            raise SpecError(f"{shown(key)} is written twice; name it once")
        settings[key] = scalar(value)
    return settings


def settings_of(node: SpecNode, rule: str) -> SpecNode:
    """The node as a mapping of settings, whether written as a mapping or as shorthand. Raises SpecError with the rule
    if it is neither.
    """
    if isinstance(node.value, str) and "=" in node.value:
        try:
            return SpecNode(parse_settings(node.value), node.path)
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    if not isinstance(node.value, dict):
        raise node.wrong(rule)
    return node


def scalar(text: str) -> int | float | str:
    """The number in `text`, or the text itself if it is not a number."""
    for kind in (int, float):
        try:
            return bounded(kind(text))
        except ValueError:
            continue
    return text


def bounded(value: Any) -> Any:
    """The value; whole numbers too large for the database and NumPy become floats."""
    if isinstance(value, int) and abs(value) > LARGEST_WHOLE_NUMBER:
        return float("inf") if value.bit_length() > 1000 else float(value)
    return value
