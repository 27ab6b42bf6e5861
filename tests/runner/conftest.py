"""Fixtures for the tests of the runner: plans and blocks as plain data, stores, small sweeps, the command."""

import contextlib
import functools
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.cli.main import main
from fitgap.runner.data.formats import columnar_files
from fitgap.runner.messages import Block, EpochRows, TrialEnd
from fitgap.runner.store import DriverIdentity, open_store_for_writing
from fitgap.runner.store.database.connection import connect, database_url
from fitgap.runner.system.machine_record import machine_identity, process_started
from fitgap.runner.trial_status import Status
from support.cli.answers import Answer, Terminal, run_command
from support.cli.forked import forked
from support.cli.json_keys import CONTRACT
from support.cli.small_sweep import SMALL_DIVERGED, SMALL_FLAGS, SMALL_SWEEP, SMALL_TRIALS
from support.cli.terminal_runs import run_in_terminal
from support.data.forked_reader import ForkedReader
from support.databases.plain_plans import plain_configuration, plain_plan
from support.made_once import made_once
from typer.main import get_command

MEASURED = ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")


@pytest.fixture(autouse=True)
def own_folder(request, tmp_path, monkeypatch):
    """Every test runs in an empty folder of its own, without a database named in the environment."""
    monkeypatch.delenv("FITGAP_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session", autouse=True)
def built_once():
    """Build the Typer commands only once: building them for every call takes longer than most commands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.main.get_command", functools.cache(get_command))
        yield


@pytest.fixture(scope="session", autouse=True)
def forked_reader():
    """Parquet and Arrow files are tried in forked processes: starting a new one takes much longer than reading."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar_files, "subprocess", ForkedReader)
        yield


@pytest.fixture
def started_reader(monkeypatch):
    """Parquet and Arrow files are tried in a new Python process, as in the installed program."""
    monkeypatch.setattr(columnar_files, "subprocess", subprocess)


@pytest.fixture
def invoke(monkeypatch, capsys):
    """`invoke(*arguments)`: runs the command in this process, through the same `main` as the installed command."""

    def run(*arguments):
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["fitgap", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
        captured = capsys.readouterr()
        return Answer(exit_.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def command():
    """`command(*arguments, cwd=…, env=…)`: runs the installed command and returns its `Answer`."""
    return run_command


@pytest.fixture
def forked_command(own_folder):
    """`forked_command(*arguments, env=…)`: runs the command in a process forked with everything loaded."""

    def run(*arguments, env=None):
        out, err = own_folder.with_name(f"{own_folder.name}-out"), own_folder.with_name(f"{own_folder.name}-err")
        with forked(["/dev/null", out, err], arguments, env) as running:
            running.join(120)
            code = running.exitcode
        answer = Answer(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        out.unlink()
        err.unlink()
        return answer

    return run


@pytest.fixture
def in_terminal():
    """`in_terminal(*arguments)`: runs the command in a terminal of 80 columns; returns its exit code and output.

    `answer` is typed into the terminal, `env` contains changes to the environment.
    """

    return run_in_terminal


@pytest.fixture
def in_place(monkeypatch):
    """`in_place(*words, columns=200)`: runs a command in this process on terminal streams; exit code and all output."""

    def run(*words, columns=200):
        terminal = Terminal()
        for name in ("stdin", "stdout", "stderr"):
            monkeypatch.setattr(sys, name, terminal)
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setattr(sys, "argv", ["fitgap", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        return exit_.value.code or 0, terminal.getvalue()

    return run


@pytest.fixture(scope="session")
def contract():
    """The keys of each kind of row, in order."""
    return {kind: re.findall(r"\w+", keys) for kind, keys in CONTRACT.items()}


@pytest.fixture(scope="session")
def plain_text():
    """`plain_text(text)`: text without the escape sequences for colors and styles."""

    def strip(text):
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    return strip


@pytest.fixture(scope="session")
def small_sweep():
    """The text of a small sweep file, which trains in well under a second."""
    return SMALL_SWEEP


@pytest.fixture(scope="session")
def small_flags():
    """The flags that describe the same sweep."""
    return SMALL_FLAGS


@pytest.fixture(scope="session")
def small_counts():
    """The number of trials of the small sweep, and how many of them diverge."""
    return SMALL_TRIALS, SMALL_DIVERGED


@pytest.fixture(scope="session")
def trained_database(tmp_path_factory):
    """A database in which the small sweep was trained in one process. Read-only, which is checked at the end."""

    def train(folder):
        (folder / "small.yaml").write_text(SMALL_SWEEP)
        answer = run_command("run", "small.yaml", "--engine", "local", "--db", "trained.db", cwd=folder)
        assert answer.code == 0, answer.err

    trained = made_once(tmp_path_factory, "trained", train)
    copied = Path(shutil.copy(trained / "trained.db", tmp_path_factory.mktemp("copied")))
    yield copied
    # The bytes of the files are not compared: what a test wrote may still be in the write-ahead log.
    assert sql_dump(copied) == sql_dump(trained / "trained.db"), "a test changed the trained database"


def sql_dump(path):
    """Every row of an SQLite database as statements."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def store(database):
    """An empty store, open for writing: on SQLite (`store.db` in the test's folder) and on PostgreSQL."""
    with open_store_for_writing(database) as opened:
        yield opened


@pytest.fixture
def ask(database):
    """`ask(statement)`: the rows of an SQL query on the same database, through a separate connection."""

    def run(statement):
        engine = connect(database_url(database), read_only=True)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(sa.text(statement))]
        engine.dispose()
        return rows

    return run


@pytest.fixture(scope="session")
def identity():
    """The identity of a driver in this process, without a description of its environment."""
    process = os.getpid()
    return DriverIdentity(machine_identity(), process, str(process_started(process)), {})


@pytest.fixture
def driver(store, identity):
    """A driver of the empty store, which claims trials and records their results."""
    return store.begin_driver(identity)


@pytest.fixture(scope="session")
def make_configuration():
    """`make_configuration(number, **changes)`: the row of a configuration, as `SweepPlan` has it."""
    return plain_configuration


@pytest.fixture(scope="session")
def make_plan():
    """`make_plan(configurations=2, repeats=2, **changes)`: the plan of a sweep; `configurations` may be rows."""

    def make(configurations=2, repeats=2, **changes):
        return plain_plan(configurations, repeats, **changes)

    return make


@pytest.fixture(scope="session")
def make_rows():
    """`make_rows(trials, epochs, **numbers)`: rows of the epoch table; every number is 0.5 unless given."""

    def make(trials, epochs, **numbers):
        given = {name: np.asarray(numbers.get(name, np.full(len(trials), 0.5)), float) for name in MEASURED}
        return EpochRows(trial_id=np.array(trials), epoch=np.array(epochs), **given)

    return make


@pytest.fixture(scope="session")
def end_trial():
    """`end_trial(driver, trial, status, **numbers)`: claims a trial and ends it with these numbers."""

    def end(driver, trial, status=Status.COMPLETED, **numbers):
        driver.claim([trial])
        driver.record(Block(None, (TrialEnd(trial, status, **numbers),)))

    return end


@pytest.fixture(scope="session")
def same_bits():
    """`same_bits(one, other)`: whether two numbers are the same double; -0.0 is not 0.0."""

    def same(one, other):
        return struct.pack("<d", one) == struct.pack("<d", other)

    return same
