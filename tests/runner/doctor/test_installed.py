"""Unsuitable versions are reported with what to install."""

import sqlite3

import pytest
from fitgap.runner.doctor import State, installed
from fitgap.runner.doctor.installed import check_dependencies, check_python, check_sqlite, has_wal_reset_bug


def test_this_installation_is_well():
    found = [*check_python(None), *check_dependencies(None)]
    assert {finding.state for finding in found} == {State.OK}
    assert {"Python", "numpy", "ray", "sqlalchemy"} <= {finding.check for finding in found}


def test_a_python_that_is_too_old_is_a_problem(monkeypatch):
    monkeypatch.setattr(installed, "metadata", lambda name: {"Requires-Python": ">=99.1"})
    (finding,) = check_python(None)
    assert finding.state is State.PROBLEM
    assert ">=99.1" in finding.found and "newer Python" in finding.advice


@pytest.mark.parametrize(
    ("requirement", "found"),
    [("numpy>=99,<100", ">=99"), ("numpy<1", "requires <1"), ("fitgap-of-another-world>=1", "not installed")],
)
def test_a_distribution_that_does_not_fit_is_a_problem(requirement, found, monkeypatch):
    monkeypatch.setattr(installed, "requires", lambda name: [requirement])
    (finding,) = check_dependencies(None)
    assert finding.state is State.PROBLEM
    assert found in finding.found and finding.advice.startswith("pip install '")


@pytest.mark.parametrize("requirement", ["nothing>=1; extra == 'test'", "nothing>=1; python_version < '3'"])
def test_what_is_not_required_here_is_not_looked_for(requirement, monkeypatch):
    monkeypatch.setattr(installed, "requires", lambda name: [requirement])
    assert list(check_dependencies(None)) == []


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 2)])
def test_sqlite_with_the_bug(version):
    assert has_wal_reset_bug(version)


@pytest.mark.parametrize("version", [(3, 6, 23), (3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)])
def test_sqlite_without_the_bug(version):
    assert not has_wal_reset_bug(version)


def test_the_bug_of_sqlite_is_a_warning_that_says_whom_it_concerns(monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    (finding,) = check_sqlite(None)
    assert finding.state is State.WARNING
    assert "one fitgap at a time" in finding.advice and "3.51.3" in finding.advice
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 3))
    (finding,) = check_sqlite(None)
    assert finding.state is State.OK
