"""The space of a search: the alternatives of all axes, from which single combinations are taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fitgap.runner.spec.lazy_values import Alternatives, Decide, Dimension, Interval
from fitgap.runner.spec.validation import Path


@dataclass(frozen=True)
class Space:
    """The alternatives of every axis, and the axes as they were written."""

    axes: Mapping[str, Alternatives]
    written: Mapping[str, Any]

    def dimensions(self) -> Iterator[tuple[str, Dimension]]:
        """The dimensions in a fixed order, with their names, such as `optimizer.0.1`."""
        for name, alternatives in self.axes.items():
            yield from alternatives.dimensions(name)

    def at(self, decide: Decide) -> tuple[Any, ...]:
        """The combination that the decisions select: one value for each axis."""
        fixed = self._fixed
        return tuple(
            fixed[name] if name in fixed else alternatives.at(decide, name) for name, alternatives in self.axes.items()
        )

    def on_the_way(self, decide: Decide) -> Iterator[str]:
        """The names of the dimensions on which the selected combination depends."""
        for name, alternatives in self.axes.items():
            if name not in self._fixed:
                yield from alternatives.on_the_way(decide, name)

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        """The values of axes that have only one."""
        single = {name: each for name, each in self.axes.items() if not any(True for _ in each.dimensions(name))}
        return {name: next(iter(alternatives)) for name, alternatives in single.items()}

    def endless(self) -> Iterator[tuple[Path, Interval]]:
        """The paths and intervals of ranges without steps."""
        for alternatives in self.axes.values():
            yield from alternatives.endless()

    @property
    def is_finite(self) -> bool:
        """Whether all values are listed."""
        return not any(True for _ in self.endless())

    def __eq__(self, other: object) -> bool:
        """Spaces are equal if they were written the same way."""
        return isinstance(other, Space) and self.written == other.written

    __hash__ = None  # type: ignore[assignment]
