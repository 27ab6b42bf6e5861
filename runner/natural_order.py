"""The natural order of labels that contain numbers: architecture 2 before 16, l2 with λ 0.01 before 0.1."""

import re
from typing import Any

NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
# A label that stands for nothing, such as a network without hidden layers, comes before all others.
NOTHING = "none"


def natural_order(value: Any) -> tuple[Any, ...]:
    """A key to sort labels and numbers by: numbers within text are compared as numbers; None comes last."""
    if value is None:
        return (2,)
    if not isinstance(value, str):
        return (1, (0, value))
    if value == NOTHING:
        return (0,)
    # Every second part is a number; parts that are numbers come before parts that are text.
    parts = [part for part in NUMBER.split(value) if part]
    return (1, *((0, float(part)) if NUMBER.fullmatch(part) else (1, part) for part in parts))
