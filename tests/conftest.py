"""Settings for all tests, and the databases that they use."""

import contextlib
import gc
import itertools
import os
import re
import signal
import sys

# NumPy reads these variables when it is loaded. Several pytest processes with several threads each would slow each
# other down, and processes that fork must not have threads.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
# The tests start the command hundreds of times. Without bytecode files, each start would compile the whole program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Collection creates nearly a million objects, all of which stay alive; garbage collection took half of its time.
gc.disable()

import pytest  # noqa: E402
from hypothesis import is_hypothesis_test, settings  # noqa: E402
from support.databases.shared_statements import share_compiled_statements  # noqa: E402
from support.profiles import NIGHTLY, register_profiles  # noqa: E402
from support.sampling import is_postponed  # noqa: E402

FOLDERS = itertools.count()

register_profiles()
share_compiled_statements()
# These signals may be ignored if the tests run in the background, and all commands would inherit that.
for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """`-m nightly` loads the profile with many examples, unless `--hypothesis-profile` names another one."""
    if is_nightly(config) and not config.getoption("--hypothesis-profile"):
        settings.load_profile(NIGHTLY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """At night, all property tests run, with many examples, and all tests run on every kind of database."""
    for item in items:
        if is_postponed(item) or (is_nightly(config) and is_hypothesis_test(getattr(item, "function", None))):
            item.add_marker(pytest.mark.nightly)


def pytest_collection_finish(session):
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from support.grouping import GroupScheduling

    return GroupScheduling(config, log)


def is_nightly(config):
    return config.getoption("-m") == "nightly"


@pytest.fixture
def tmp_path(request, tmp_path_factory):
    """An empty folder. pytest's own fixture searches the folders of all earlier tests for a free name, and makes a
    link.
    """
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{name}-{next(FOLDERS)}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the whole test run."""
    from support.databases.temporary_postgres import TemporaryPostgres

    with contextlib.closing(TemporaryPostgres()) as server:
        yield server


@pytest.fixture(scope="module")
def postgres_of_its_own():
    """A PostgreSQL server that the tests of one file may kill and restart."""
    from support.databases.temporary_postgres import TemporaryPostgres

    with contextlib.closing(TemporaryPostgres()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres):
    """The name of a database on the server that has the newest tables."""
    from support.databases.new_databases import postgres_template

    return postgres_template(postgres)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """An SQLite file that has the newest tables."""
    from support.databases.new_databases import sqlite_template

    return sqlite_template(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request):
    """A test that uses this fixture, or one based on it, runs once for every kind of database."""
    return request.param


@pytest.fixture
def databases(database_kind, request, tmp_path):
    """Makes databases of this kind: `databases.make()` returns the address of one with tables, `make(empty=True)` of
    one without.
    """
    from support.databases.new_databases import PostgresDatabases, SqliteFiles

    if database_kind == "sqlite":
        made = SqliteFiles(tmp_path, request.getfixturevalue("sqlite_template"))
    else:
        made = PostgresDatabases(request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template"))
    with contextlib.closing(made):
        yield made


@pytest.fixture
def database(databases):
    """The address of a new database with the newest tables and no rows, as `--db` takes it."""
    return databases.make()


@pytest.fixture
def empty_database(databases):
    """The address of an empty database, without tables."""
    return databases.make(empty=True)
