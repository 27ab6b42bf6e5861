"""Cases of a test of which some run with every commit and all others at night (`pytest -m nightly`)."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def at_night(*values: Any, **options: Any) -> Any:
    """A case that only the nightly run tries; options are those of `pytest.param`."""
    return pytest.param(*values, marks=pytest.mark.nightly, **options)


def per_commit(chosen: Sequence[Any], cases: Iterable[Any]) -> list[Any]:
    """All cases in their order: the chosen ones run with every commit, the others at night."""
    return [case if case in chosen else at_night(case) for case in cases]


def every(step: int, cases: Iterable[Any]) -> list[Any]:
    """All cases in their order: the first and each further one after this many steps run with every commit."""
    return [case if number % step == 0 else postponed(case) for number, case in enumerate(cases)]


def postponed(case: Any) -> Any:
    """A case, or a `pytest.param` of it, that only the nightly run tries."""
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, pytest.mark.nightly])
    return at_night(case)


def every_row(step: int, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """The same for a test with several parameters, each row with a value of every one.

    Where the rows are a product, a step that has no divisor in common with the numbers of values tries all of them.
    """
    return [pytest.param(*row) if number % step == 0 else at_night(*row) for number, row in enumerate(rows)]


def steps(step: int) -> list[Any]:
    """Values of a parameter `step` of a hunt over many points: one in so many with every commit, all at night."""
    return [pytest.param(step, id=f"one in {step}"), at_night(1, id="all")]


# On a test that runs on every kind of database: with every commit on SQLite alone, at night on PostgreSQL as well. For
# what does not depend on the SQL of a kind, or is tried on both by a cheaper test.
on_sqlite_per_commit = pytest.mark.on_sqlite_per_commit


def is_postponed(item: pytest.Item) -> bool:
    """Whether a test is that of another database than SQLite, and marked so that this one is enough per commit."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return item.get_closest_marker("on_sqlite_per_commit") is not None and "postgresql" in parameters.values()
