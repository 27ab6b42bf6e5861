"""Alternatives that were drawn from ranges, in groups by quantiles, to be compared like those of a list."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

# A parameter with more different values than this was drawn from a range.
MOST_VALUES = 8
# The groups of a single such parameter, and those of each of several.
QUARTERS, HALVES = 4, 2


def quantile_groups(
    drawn: Sequence[Any], parameters: Mapping[Any, Mapping[str, Any]], kind: Mapping[Any, str]
) -> dict[Any, Any]:
    """For every alternative in `drawn`, one for each configuration, the group that it belongs to: a label such as
    `adam rate 0.0001 to 0.0032`, or the alternative itself, if no parameter of its kind was drawn from a range.

    `parameters` holds the values of each alternative by name, `kind` its kind, such as the name of the optimizer.
    """
    by_kind = defaultdict(list)
    for each in drawn:
        by_kind[kind.get(each, "")].append(each)
    return {
        alternative: label
        for name, members in by_kind.items()
        for alternative, label in groups_within(name, members, parameters)
    }


def groups_within(
    kind: str, members: Sequence[Any], parameters: Mapping[Any, Mapping[str, Any]]
) -> Iterator[tuple[Any, Any]]:
    """The group of each of the alternatives of a kind."""
    names = list(dict.fromkeys(name for each in members for name in parameters.get(each, {})))
    columns = {name: [parameters.get(each, {}).get(name) for each in members] for name in names}
    varied = {name: values for name, values in columns.items() if len(set(values)) > 1}
    ranges = {name: numbers for name, values in varied.items() if (numbers := numbers_of_range(values)) is not None}
    texts = {name: list(map(str, values)) for name, values in varied.items()}
    for name, numbers in ranges.items():
        texts[name] = intervals(numbers, QUARTERS if len(ranges) == 1 else HALVES)
    for place, each in enumerate(members):
        parts = (f"{name} {text[place]}" for name, text in texts.items())
        yield each, f"{kind} {', '.join(parts)}".strip() if ranges else each


def numbers_of_range(values: Sequence[Any]) -> np.ndarray | None:
    """The values (n,) if they were drawn from a range; None if not."""
    if len(set(values)) <= MOST_VALUES:
        return None
    try:
        return np.array(list(map(float, values)))
    except (TypeError, ValueError):
        return None


def intervals(numbers: np.ndarray, groups: int) -> list[str]:
    """For each number, the interval of its group. Groups have equally many numbers, unless that parts equal ones."""
    ranks = np.searchsorted(np.sort(numbers), numbers)
    code = ranks * groups // len(numbers)
    ends = {each: (numbers[code == each].min(), numbers[code == each].max()) for each in set(code.tolist())}
    texts = {each: interval_text(*both) for each, both in ends.items()}
    return [texts[each] for each in code.tolist()]


def interval_text(low: float, high: float) -> str:
    """An interval by its ends, or the number if they read the same."""
    first, last = f"{low:.3g}", f"{high:.3g}"
    return first if first == last else f"{first} to {last}"
