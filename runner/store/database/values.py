"""Values as both databases hold them alike: numbers that are not finite are NULL, and there is no −0.0."""

import json
from typing import Any


def finite(value: Any) -> float | None:
    """The number as it is stored: NULL where it is not finite, so that it can never be the lowest."""
    number = float(value)
    # SQLite stores −0.0 as 0; adding 0.0 makes PostgreSQL agree.
    return number + 0.0 if -float("inf") < number < float("inf") else None


def storable_text(text: str) -> str:
    """Text as both databases can hold it: with a question mark for what is no character, such as in odd file names."""
    return text.encode("utf-8", errors="replace").decode().replace("\0", "?")


def json_text(value: Any) -> str:
    """JSON by the letter of its standard, which knows no NaN: PostgreSQL would refuse it, and so would our readers."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(finite_inside(value), allow_nan=False)


def finite_inside(value: Any) -> Any:
    """The value with null for every number in it that is not finite."""
    if isinstance(value, dict):
        return {key: finite_inside(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite_inside(each) for each in value]
    return finite(value) if isinstance(value, float) else value
