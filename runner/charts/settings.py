"""The settings along an axis of a chart: their labels, their order, and the numbers behind them."""

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fitgap.runner.errors import SpecError
from fitgap.runner.names import plainer
from fitgap.runner.spec.shorthand import parse_shorthand

# Longer labels are reduced to the parts in which they differ, up to the second length.
LONGEST_LABEL, LONGEST_DISTINCT = 36, 100
# A layer of an architecture, or a word.
PART = re.compile(r"[^-( ]*[-( ]|[^-( ]+$")
# Display names of axes.
TITLES = {
    "architecture": "hidden layers",
    "planned_epochs": "epochs",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "training_examples": "training examples",
    "label_noise": "label noise",
    "output_activation": "output activation",
}


def short(text: str, most: int = LONGEST_LABEL) -> str:
    """Text that fits: the middle of a longer one is left out, because names often differ at their ends."""
    text = one_line(text)
    if len(text) <= most:
        return text
    ahead = (most - 1) // 2
    return f"{text[:ahead]}…{text[len(text) - (most - 1 - ahead) :]}"


def one_line(text: str) -> str:
    return " ".join(text.split())


def distinct(labels: Sequence[str]) -> list[str]:
    """The labels. If one is too long, an ellipsis replaces the parts that all long labels have in common at their
    beginnings, except the last such part, and at their ends. Labels above half the maximum length count as long.
    """
    long = [label for label in labels if 2 * len(label) > LONGEST_LABEL]
    ahead = behind = 0
    if len(long) > 1 and max(map(len, long)) > LONGEST_LABEL:
        parts = [PART.findall(label) for label in long]
        # Keep at least one part of each.
        most = min(map(len, parts)) - 1
        shared = shared_parts(parts, most)
        ahead, behind = max(shared - 1, 0), shared_parts([each[::-1] for each in parts], most - shared)
    return [short(without_ends(label, ahead, behind) if label in long else label, LONGEST_DISTINCT) for label in labels]


def shared_parts(names: Sequence[Sequence[str]], most: int) -> int:
    """The number of parts with which all names begin, at most `most`."""
    same = (len(set(parts)) == 1 for parts in zip(*names, strict=False))
    return min(most, sum(1 for _ in itertools.takewhile(bool, same)))


def without_ends(label: str, ahead: int, behind: int) -> str:
    parts = PART.findall(label)
    inside = "".join(parts[ahead : len(parts) - behind])
    return f"{'…' if ahead else ''}{inside}{'…' if behind else ''}"


@dataclass(frozen=True)
class Setting:
    """One alternative of an axis. `kind` is its name without numbers; `numbers` holds its numbers by parameter."""

    value: Any
    label: str
    kind: str
    numbers: Mapping[str, float]
    order: tuple[Any, ...] = field(compare=False)


def setting_of(axis: str, value: Any) -> Setting:
    """The setting for a value in the database: a number, an architecture such as `64-32`, or shorthand."""
    if value is None:
        return Setting(None, "none", "none", {}, (0, 0.0, ""))
    if isinstance(value, (int, float)):
        return Setting(value, f"{value:g}", axis, {axis: float(value)}, (1, float(value), ""))
    if axis == "architecture":
        return architecture(value)
    try:
        parts = parse_shorthand(value)
    except SpecError:
        parts = {value: {}}
    numbers = {
        f"{name}.{key}" if len(parts) > 1 else key: float(number)
        for name, settings in parts.items()
        for key, number in settings.items()
        if isinstance(number, (int, float)) and math.isfinite(number)
    }
    kind = "+".join(parts)
    # Sort by kind, then by numbers; `none` comes first.
    return Setting(
        value, one_line(plainer(value)), kind, numbers, (kind != "none", kind, *numbers.values(), str(value))
    )


def architecture(text: str) -> Setting:
    """The setting for hidden layers, such as `64-32`, or for `none`."""
    widths = [int(part) for part in text.split("-") if part.isdecimal()]
    kind = "no hidden layer" if not widths else f"{len(widths)} hidden layer{'s' if len(widths) > 1 else ''}"
    numbers = {"width": float(widths[0])} if len(widths) == 1 or (len(set(widths)) == 1 and widths) else {}
    return Setting(text, one_line(text), kind, numbers, (len(widths), *widths, text))


class Axis:
    """An axis of a sweep with its alternatives, in their natural order."""

    def __init__(self, name: str, values: Iterable[Any]):
        self.name = name
        self.settings: Sequence[Setting] = sorted((setting_of(name, each) for each in set(values)), key=comparable)
        # Two long alternatives may be shortened to the same label, which would merge them.
        self.labels: dict[Any, str] = {}
        for each, text in zip(self.settings, distinct([each.label for each in self.settings]), strict=True):
            label, count = text, 1
            while label in self.labels.values():
                count += 1
                label = f"{text} ({count})"
            self.labels[each.value] = label

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name.replace("_", " "))

    @property
    def order(self) -> list[str]:
        """The labels in their order."""
        return list(self.labels.values())

    @cached_property
    def varied(self) -> dict[str, str]:
        """The parameter in which the alternatives of each kind differ, for kinds that differ in exactly one."""
        kinds: dict[str, list[Setting]] = {}
        for each in self.settings:
            kinds.setdefault(each.kind, []).append(each)
        found = {}
        for kind, settings in kinds.items():
            names = {name for each in settings for name in each.numbers}
            varied = [name for name in sorted(names) if len({each.numbers.get(name) for each in settings}) > 1]
            if len(varied) == 1 and all(varied[0] in each.numbers for each in settings):
                found[kind] = varied[0]
        return found

    @property
    def is_numeric(self) -> bool:
        """Whether all alternatives are numbers of one kind."""
        return len({each.kind for each in self.settings}) == 1 and len(self.varied) == 1

    def number(self, setting: Setting) -> float | None:
        """The number by which an alternative differs from the others of its kind."""
        name = self.varied.get(setting.kind)
        if name is None and len(setting.numbers) == 1:
            name = next(iter(setting.numbers))
        return setting.numbers.get(name) if name else None


def comparable(setting: Setting) -> tuple[Any, ...]:
    """A key that orders numbers as numbers and anything else as text."""
    return tuple((0, each, "") if isinstance(each, (int, float)) else (1, 0, str(each)) for each in setting.order)
