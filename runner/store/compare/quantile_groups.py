"""Groups of alternatives drawn from ranges, by quantiles, so that they can be compared like those of a list."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

# A parameter with more different values than this was drawn from a range.
MOST_VALUES = 8
# The number of groups for a single such parameter, and for each of several.
QUARTERS, HALVES = 4, 2


def quantile_groups(
    drawn: Sequence[Any], parameters: Mapping[Any, Mapping[str, Any]], kind: Mapping[Any, str]
) -> dict[Any, Any]:
    """The group of every alternative in `drawn`, which holds one per configuration: a label such as
    `adam rate 0.0001 to 0.0032`, or the alternative itself if no parameter of its kind was drawn from a range.

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
    """Each alternative of a kind with its group."""
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
    """The interval of the group of each number. Groups are equally large, except that equal numbers stay together."""
    ranks = np.searchsorted(np.sort(numbers), numbers)
    code = ranks * groups // len(numbers)
    ends = {each: (numbers[code == each].min(), numbers[code == each].max()) for each in set(code.tolist())}
    texts = {each: interval_text(*both) for each, both in ends.items()}
    return [texts[each] for each in code.tolist()]


def interval_text(low: float, high: float) -> str:
    """An interval as text: its ends, or a single number if both ends have the same text."""
    first, last = f"{low:.3g}", f"{high:.3g}"
    return first if first == last else f"{first} to {last}"
