"""The shorthand `name:key=value,key=value`, joined by `+`, as used by the flags and by texts in a sweep file."""

import re
from typing import Any

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.nodes import shown

# A + inside a number such as 1e+3 is followed by a digit, one between two names by a letter; beta+gamma is one value.
BETWEEN_NAMES = re.compile(r"\+\s*(?=[A-Za-z_])(?!(?:beta|gamma)\b)")
LARGEST_WHOLE_NUMBER = 2**63 - 1


def parse_shorthand(text: str) -> dict[str, dict[str, Any]]:
    """Names with their settings, as a sweep file would have them in a mapping. Raises SpecError without a path."""
    named: dict[str, dict[str, Any]] = {}
    for part in BETWEEN_NAMES.split(text):
        name, _, settings = part.partition(":")
        if name.strip() in named:
            raise SpecError(f"{shown(name.strip())} is written twice; name it once")
        named[name.strip()] = parse_settings(settings)
    return named


def parse_settings(text: str) -> dict[str, Any]:
    """Settings from `key=value,key=value`."""
    settings: dict[str, Any] = {}
    for part in text.split(",") if text.strip() else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not (key and equals and value):
            raise SpecError(f"{shown(part)} must be written key=value; alternatives are written one by one")
        if key in settings:
            raise SpecError(f"{shown(key)} is written twice; name it once")
        settings[key] = scalar(value)
    return settings


def scalar(text: str) -> int | float | str:
    """The number that `text` is, or else the text."""
    for kind in (int, float):
        try:
            return bounded(kind(text))
        except ValueError:
            continue
    return text


def bounded(value: Any) -> Any:
    """A whole number too large for a database or for NumPy as a float, any other value as it is."""
    if isinstance(value, int) and abs(value) > LARGEST_WHOLE_NUMBER:
        return float("inf") if value.bit_length() > 1000 else float(value)
    return value
