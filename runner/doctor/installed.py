"""Checks of the installation: Python, the required distributions, the SQLite library."""

import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import metadata, requires

from fitgap.runner.doctor.finding import Finding, ok, problem, warning
from fitgap.runner.system.machine_record import installed_version
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

PROGRAM = "fitgap"
# The SQLite releases that fixed a corruption bug of WAL mode, newest branch first.
FIXED_SQLITE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
FIRST_SQLITE_WITH_WAL = (3, 7, 0)


def check_python(database: str | None) -> Iterator[Finding]:
    """Check the version of Python against the one that fitgap requires."""
    found, wanted = platform.python_version(), metadata(PROGRAM)["Requires-Python"] or ""
    if SpecifierSet(wanted).contains(found, prereleases=True):
        yield ok("Python", found)
    else:
        yield problem("Python", f"{found}, but fitgap requires {wanted}", "install fitgap into a newer Python")


def check_dependencies(database: str | None) -> Iterator[Finding]:
    """Check the version of every distribution that fitgap requires."""
    for text in requires(PROGRAM) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield check_distribution(requirement)


def check_distribution(requirement: Requirement) -> Finding:
    name, wanted, found = requirement.name, requirement.specifier, installed_version(requirement.name)
    install = f"pip install '{requirement}'"
    if found is None:
        return problem(name, "not installed", install)
    if not wanted.contains(found, prereleases=True):
        return problem(name, f"{found}, but fitgap requires {wanted}", install)
    return ok(name, found)


def check_sqlite(database: str | None) -> Iterator[Finding]:
    """Check the version of Python's SQLite library."""
    if has_wal_reset_bug(sqlite3.sqlite_version_info[:3]):
        yield warning(
            "SQLite",
            f"{sqlite3.sqlite_version}, which very rarely damages a database when two programs write to it at the same "
            "instant",
            "nothing to do if only one fitgap at a time trains into a file (reading is safe); "
            "for several, use a Python with SQLite 3.51.3 or later, or PostgreSQL",
        )
    else:
        yield ok("SQLite", sqlite3.sqlite_version)


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the race between a checkpoint and a commit that resets the log (sqlite.org/wal.html)."""
    fixed = version >= FIXED_SQLITE[0] or any(each[:2] == version[:2] and version >= each for each in FIXED_SQLITE)
    return version >= FIRST_SQLITE_WITH_WAL and not fixed
