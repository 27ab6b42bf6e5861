"""Ranges of numbers, allowed wherever a list of values is: `{range: [1e-4, 1e-1], scale: log, steps: 4}`."""

import math
import re
from collections.abc import Callable
from typing import Any

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.lazy_values import Alternatives, Between, Interval, listed
from fitgap.runner.spec.shorthand import scalar
from fitgap.runner.spec.validation import Path, SpecNode, is_number

KEYS = ("range", "scale", "steps")
SCALES = ("linear", "log")
MOST_STEPS = 10_000
# If the ends differ by at least this factor, the default scale is `log`.
MAGNITUDES = 100
# Numbers inside a range are rounded, so that labels stay short and do not depend on a platform's logarithm.
DIGITS = 6
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SHORTHAND = re.compile(rf"\s*({NUMBER})\.\.({NUMBER})(?::([a-z]+))?(?::(\d+))?\s*")
RULE = "must be a range such as {range: [1e-4, 1e-1], scale: log, steps: 4}, or 1e-4..1e-1:log:4"

Accept = Callable[[SpecNode], Any]


def is_range(value: object) -> bool:
    """Whether a written value is a range rather than a single value."""
    return (isinstance(value, dict) and "range" in value) or (isinstance(value, str) and ".." in value)


def read_range(node: SpecNode, accept: Accept, *, whole: bool) -> Alternatives:
    """The numbers of a range, each as `accept` reads it; `whole` if they are whole numbers. Raises SpecError.

    With `steps`, they are that many numbers at equal distances on the scale, including both ends.
    """
    interval, steps = read_interval(written_range(node), whole)
    for end in (interval.low, interval.high):
        accept(SpecNode(end, node.path))

    def value(number: float) -> Any:
        return accept(SpecNode(rounded(number, interval), node.path))

    if steps is None:
        return Between(interval, value, node.path)
    return listed(list(dict.fromkeys(value(each) for each in steps_of(interval, steps))))


def written_range(node: SpecNode) -> SpecNode:
    """A range as a mapping, whether written as a mapping or as shorthand."""
    if not isinstance(node.value, str):
        return node
    found = SHORTHAND.fullmatch(node.value)
    if not found:
        raise node.wrong(RULE)
    low, high, scale, steps = found.groups()
    written = {"range": [scalar(low), scalar(high)], "scale": scale, "steps": int(steps) if steps else None}
    return SpecNode(written, node.path)


def read_interval(node: SpecNode, whole: bool) -> tuple[Interval, int | None]:
    """The interval of a range, and its number of steps if it has one."""
    entries = node.entries(KEYS)
    if "range" not in entries:
        raise SpecError(RULE, node.path)
    low, high = read_ends(entries["range"], whole)
    log = low > 0 and high / low >= MAGNITUDES
    if "scale" in entries:
        log = entries["scale"].one_of(SCALES) == "log"
    if log and low <= 0:
        raise SpecError(f"a range with the scale log must begin above 0, but begins at {low:g}", node.path)
    steps = entries["steps"].whole_number(2, MOST_STEPS) if "steps" in entries else None
    return Interval(low, high, log, whole), steps


def read_ends(node: SpecNode, whole: bool) -> tuple[float, float]:
    """Both ends of a range."""
    ends = node.value
    if not isinstance(ends, list) or len(ends) != 2 or not all(is_number(end) and math.isfinite(end) for end in ends):
        raise node.wrong("must be two numbers, such as [1e-4, 1e-1]")
    if whole and any(end != int(end) for end in ends):
        raise SpecError("must be two whole numbers", node.path)
    if not ends[0] < ends[1]:
        raise SpecError(f"must begin below its end, but is {ends[0]:g} to {ends[1]:g}", node.path)
    return ends[0], ends[1]


def drawn_number(interval: Interval, share: float) -> float:
    """The number, not yet rounded, at a share (from 0 to 1) of the interval, measured on its scale."""
    # Every whole number covers the half unit around it, so that the ends are as likely as the others.
    margin = 0.5 if interval.whole else 0.0
    return on_scale(interval.low - margin, interval.high + margin, interval.log, share)


def share_of_number(interval: Interval, number: float) -> float:
    """The share in [0, 1) at which `drawn_number` gives a number, which is first clipped to the interval."""
    margin = 0.5 if interval.whole else 0.0
    low, high = interval.low - margin, interval.high + margin
    inside = min(max(number, interval.low), interval.high)
    share = math.log(inside / low) / math.log(high / low) if interval.log else (inside - low) / (high - low)
    return min(max(share, 0.0), math.nextafter(1.0, 0.0))


def on_scale(low: float, high: float, log: bool, share: float) -> float:
    """The number at a share of the way from `low` to `high`."""
    return low * (high / low) ** share if log else low + (high - low) * share


def steps_of(interval: Interval, steps: int) -> list[float]:
    """Numbers at equal distances on the scale, including both ends."""
    return [on_scale(interval.low, interval.high, interval.log, step / (steps - 1)) for step in range(steps)]


def rounded(number: float, interval: Interval) -> float:
    """A number rounded to a whole one or to DIGITS significant digits, and clipped to the interval."""
    found = math.floor(number + 0.5) if interval.whole else float(f"{number:.{DIGITS}g}")
    return min(max(found, interval.low), interval.high)


def without_steps(path: Path, interval: Interval) -> SpecError:
    """The error for a range without steps in a grid."""
    low, high = f"{interval.low:g}", f"{interval.high:g}"
    scale = "log" if interval.log else "linear"
    rule = f"a range needs steps, such as {{range: [{low}, {high}], steps: 4}} or {low}..{high}:{scale}:4"
    return SpecError(f"{rule}; or search it with `search: {{method: random, trials: 100}}`", path)
