"""The state of a sweep's page that is in its address: rows, filter, order, page, columns, selection, baseline."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from fitgap.runner.errors import nearest
from fitgap.runner.key_lists import split_keys
from fitgap.runner.store import ConfigurationQuery
from fitgap.runner.web.problems import Problem

ROWS_PER_PAGE, MOST_ROWS, MOST_PINS, MOST_COLUMNS = 50, 500, 10, 40
KINDS = ("configurations", "trials")
HASH = re.compile("[0-9a-f]{4,64}")
# Advice for an invalid address.
AMEND = "Correct this part of the address, or go back to the page without it."
# The measures of the fit map's axes.
BOX_AXES = ("underfit", "overfit")


@dataclass(frozen=True)
class SweepView:
    """The state of a sweep's page. Everything is in the address, so that a bookmark shows the same again.

    `box` is a rectangle on the fit map, as `underfit from, to, overfit from, to`; `pins` are hashes of configurations
    that were chosen one by one; `against` is the hash of the baseline.
    """

    show: str = "configurations"
    where: str = ""
    sort: str = ""
    page: int = 1
    rows: int = ROWS_PER_PAGE
    columns: tuple[str, ...] = ()
    box: tuple[float, ...] = ()
    pins: tuple[str, ...] = ()
    against: str = ""

    def query(self, **changes: Any) -> str:
        """The state as the query of an address, without default values; a change goes back to the first page."""
        if changes and "page" not in changes:
            changes["page"] = 1
        changed = replace(self, **changes)
        values = {field.name: getattr(changed, field.name) for field in fields(self)}
        given = {key: written(value) for key, value in values.items() if value != getattr(PLAIN, key)}
        return urlencode(given)

    def with_pin(self, configuration: str) -> str:
        """The query with a configuration pinned, or no longer pinned."""
        others = tuple(each for each in self.pins if each != configuration)
        return self.query(pins=others if configuration in self.pins else (*self.pins, configuration)[-MOST_PINS:])

    def sorted_by(self, key: str) -> str:
        """The query sorted by a column: ascending at first, then descending."""
        return self.query(sort=f"-{key}" if self.sort == key else key)

    def direction(self, key: str) -> str:
        """How a column is sorted, in the words of `aria-sort`."""
        return {key: "ascending", f"-{key}": "descending"}.get(self.sort, "none")

    @property
    def within(self) -> dict[str, tuple[float, float]]:
        """The rectangle as ranges of measures."""
        return dict(zip(BOX_AXES, (self.box[:2], self.box[2:]), strict=True)) if self.box else {}  # type: ignore[arg-type]

    def configuration_query(self) -> ConfigurationQuery:
        return ConfigurationQuery(
            self.where or None,
            self.within,
            self.sort or "best",
            self.rows,
            (self.page - 1) * self.rows,
            self.against or None,
        )


PLAIN = SweepView()


def written(value: Any) -> str:
    return (
        ",".join(f"{each:.6g}" if isinstance(each, float) else str(each) for each in value)
        if isinstance(value, tuple)
        else str(value)
    )


def view_of(query: Mapping[str, str]) -> SweepView:
    """The state in the query of an address. Raises Problem if it is not valid."""
    show = query.get("show", "configurations")
    if show not in KINDS:
        raise Problem(422, f"There is no list of {show[:40]!r}; {nearest(show, KINDS)}.", AMEND)
    return SweepView(
        show=show,
        where=query.get("where", "").strip(),
        sort=query.get("sort", "").strip(),
        page=whole("page", query, 1, 10**9),
        rows=whole("rows", query, ROWS_PER_PAGE, MOST_ROWS),
        columns=words("columns", query)[:MOST_COLUMNS],
        box=box_of(query.get("box", "")),
        pins=tuple(each for each in words("pins", query) if HASH.fullmatch(each))[:MOST_PINS],
        against=query.get("against", "") if HASH.fullmatch(query.get("against", "")) else "",
    )


def whole(name: str, query: Mapping[str, str], default: int, most: int) -> int:
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        raise Problem(422, f"{name} must be a whole number from 1 to {most:,}, but is {text[:40]!r}.", AMEND)
    return int(text)


def words(name: str, query: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(split_keys(query.get(name, ""))))


def box_of(text: str) -> tuple[float, ...]:
    """The four numbers of a rectangle, or none. Raises Problem if they are not valid."""
    try:
        found = tuple(float(each) for each in text.split(",") if each.strip())
    except ValueError:
        found = (0.0,)
    if len(found) not in (0, 4) or any(each != each or abs(each) == float("inf") for each in found):
        raise Problem(
            422, f"box must be four numbers (underfit from, to, overfit from, to), but is {text[:80]!r}.", AMEND
        )
    return found
