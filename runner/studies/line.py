"""Groups along a setting that has an order, such as the width of a network: the best one, and both of its sides."""

from collections.abc import Sequence
from dataclasses import dataclass

from fitgap.runner.natural_order import natural_order
from fitgap.runner.store import Row, Store


@dataclass(frozen=True)
class Line:
    """The groups of a comparison with the best, in the order of their setting `key`."""

    key: str
    groups: Sequence[Row]

    @property
    def best(self) -> Row:
        """The group with which the others were compared."""
        return next(group for group in self.groups if str(group[self.key]) == group["against"])

    @property
    def near(self) -> list[Row]:
        """The groups that cannot be told apart from the best."""
        return [group for group in self.groups if group is not self.best and group["could_be_best"]]

    @property
    def before(self) -> list[Row]:
        """The groups before the best that are shown to be worse, the farthest first."""
        groups = list(self.groups)
        return [group for group in groups[: groups.index(self.best)] if group["could_be_best"] is False]

    @property
    def after(self) -> list[Row]:
        """The groups after the best that are shown to be worse, the farthest first."""
        groups = list(self.groups)
        return [group for group in groups[: groups.index(self.best) : -1] if group["could_be_best"] is False]

    @property
    def shape(self) -> str:
        """The shape of the error along the line: `u_shape`, `falls`, `rises`, or `flat` if no difference is shown."""
        if self.before and self.after:
            return "u_shape"
        return "falls" if self.before else "rises" if self.after else "flat"

    def name(self, group: Row) -> str:
        return str(group[self.key])

    def names(self, groups: Sequence[Row]) -> list[str]:
        return [self.name(group) for group in groups]


def line_of(store: Store, sweep: str, key: str, of: str = "e_v", where: str | None = None) -> Line | None:
    """The groups by a setting; None if fewer than two of them have completed trials."""
    groups = [group for group in store.compare(sweep, [key], of=of, where=where) if group["completed"]]
    if len(groups) < 2:
        return None
    return Line(key, sorted(groups, key=lambda group: natural_order(group[key])))
