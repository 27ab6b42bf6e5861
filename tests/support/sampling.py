"""Test cases of which some run per commit and all others at night (`pytest -m nightly`)."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def at_night(*values: Any, **options: Any) -> Any:
    """A case that only the nightly run tries; the options are those of `pytest.param`."""
    return pytest.param(*values, marks=pytest.mark.nightly, **options)


def per_commit(chosen: Sequence[Any], cases: Iterable[Any]) -> list[Any]:
    """All cases in order: the chosen ones run per commit, the others at night."""
    return [case if case in chosen else at_night(case) for case in cases]


def every(step: int, cases: Iterable[Any]) -> list[Any]:
    """All cases in order: every `step`-th one, starting with the first, runs per commit, the others at night."""
    return [case if number % step == 0 else postponed(case) for number, case in enumerate(cases)]


def postponed(case: Any) -> Any:
    """A case, or a `pytest.param` of it, that only the nightly run tries."""
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, id=case.id, marks=[*case.marks, pytest.mark.nightly])
    return at_night(case)


def every_row(step: int, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """The same for a test with several parameters, where each row has one value for each.

    If the rows are a product, choose a step that is coprime to the numbers of values, so that every value is tried per
    commit.
    """
    return [pytest.param(*row) if number % step == 0 else at_night(*row) for number, row in enumerate(rows)]


def steps(step: int) -> list[Any]:
    """Values of a parameter `step` for tests that try many points: one in N per commit, all at night."""
    return [pytest.param(step, id=f"one in {step}"), at_night(1, id="all")]


# For a test that runs on every kind of database: per commit on SQLite only, at night on PostgreSQL as well. For
# behavior that does not depend on the SQL dialect, or that a cheaper test covers on both.
on_sqlite_per_commit = pytest.mark.on_sqlite_per_commit


def is_postponed(item: pytest.Item) -> bool:
    """Whether a test runs on PostgreSQL, but is marked to run on SQLite only per commit."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return item.get_closest_marker("on_sqlite_per_commit") is not None and "postgresql" in parameters.values()
