"""Two-way tables: one metric of groups by two settings, one in the rows and one in the columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fitgap.runner.errors import StoreError
from fitgap.runner.natural_order import natural_order

Row = dict[str, Any]
BEST, NEAR = "**", "*"


@dataclass(frozen=True)
class TwoWay:
    """The groups by two settings: `down` (rows) and `across` (columns) are their alternatives, in natural order."""

    settings: tuple[str, str]
    of: str
    down: Sequence[Any]
    across: Sequence[Any]
    groups: dict[tuple[Any, Any], Row]

    @property
    def keys(self) -> list[str]:
        """The keys of a row: the first setting, then each alternative of the second."""
        return [self.settings[0], *(self.name(each) for each in self.across)]

    def name(self, alternative: Any) -> str:
        """The heading of a column, prefixed if an alternative has the name of the setting in the rows."""
        text = str(alternative)
        return text if text != self.settings[0] else f"{self.settings[1]} {text}"

    def rows(self) -> list[Row]:
        """The means as numbers; None where there is no group, or none of its trials completed."""
        return [self._row(each, lambda group: group[self.of]) for each in self.down]

    def cells_as_text(self) -> list[Row]:
        """The means with standard deviations over repeats, and marks: `**` for the best, `*` for any that could be."""
        return [self._row(each, self._text) for each in self.down]

    def _row(self, down: Any, cell: Any) -> Row:
        found = {self.name(each): self.groups.get((down, each)) for each in self.across}
        return {self.settings[0]: down, **{name: group and cell(group) for name, group in found.items()}}

    def _text(self, group: Row) -> str | None:
        mean, deviation = group[self.of], group.get(f"{self.of}_sd")
        if mean is None:
            return None
        spread = "" if deviation is None else f" ± {deviation:.2g}"
        mark = BEST if group is self._best else NEAR if self._marks and group["could_be_best"] else ""
        return f"{mean:.4g}{spread}{mark}"

    @property
    def _best(self) -> Row | None:
        if not self._marks:
            return None
        return next((group for group in self.groups.values() if self._label(group) == group["against"]), None)

    def _label(self, group: Row) -> str:
        """The label of a group in the comparison."""
        return ",".join(str(group[key]) for key in self.settings)

    @property
    def _marks(self) -> bool:
        """Whether the baseline is the best group, so that it is known which others could be the best."""
        return any(group["could_be_best"] is not None for group in self.groups.values())

    def title(self) -> str:
        down, across = self.settings
        return f"{self.of} by {down} (rows) and {across} (columns), ± standard deviation over repeats"

    def notes(self) -> Iterator[str]:
        """The meaning of the marks."""
        if self._marks:
            yield f"{BEST} the best; {NEAR} cannot be told apart from it"


def two_way(groups: Sequence[Mapping[str, Any]], by: Sequence[str], of: str) -> TwoWay:
    """The groups of a comparison by two settings as a table. Raises StoreError for another number of settings."""
    if len(by) != 2:
        rule = f"a two-way table has two settings, but received {len(by)}"
        raise StoreError(f"{rule}; write --by architecture,optimizer --table")
    down, across = by
    cells = {(group[down], group[across]): dict(group) for group in groups}
    return TwoWay(
        (down, across),
        of,
        sorted(dict.fromkeys(first for first, _ in cells), key=natural_order),
        sorted(dict.fromkeys(second for _, second in cells), key=natural_order),
        cells,
    )
