"""Conversion of values to what both databases store identically: non-finite numbers become NULL, −0.0 becomes 0.0."""

import json
import math
from typing import Any


def finite(value: Any) -> float | None:
    """The number in stored form: None (NULL) if it is not finite, so that it can never be the minimum."""
    number = float(value)
    # SQLite stores −0.0 as 0; adding 0.0 makes PostgreSQL agree.
    return number + 0.0 if -float("inf") < number < float("inf") else None


def storable_text(text: str) -> str:
    """Text that both databases can store: invalid characters, as in odd file names, become question marks."""
    return text.encode("utf-8", errors="replace").decode().replace("\0", "?")


def json_text(value: Any) -> str:
    """Strictly standard JSON without NaN, which PostgreSQL and many JSON readers reject."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(finite_inside(value), allow_nan=False)


def finite_inside(value: Any) -> Any:
    """The value with every non-finite number in it replaced by None."""
    if isinstance(value, dict):
        return {key: finite_inside(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite_inside(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
