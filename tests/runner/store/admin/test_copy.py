"""Copying databases: every row of every table, bit for bit, in both directions, or no copy at all."""

import math
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import Block, KeptNetwork, SavedState, TrialEnd
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin import copy
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.schema.tables import (
    class_count,
    confusion,
    evidence,
    metadata,
    peer_reference,
    split_variant,
    sweep_tag,
    trial_tag,
)
from fitgap.runner.trial_status import Status
from support.databases.new_databases import PostgresDatabases, SqliteFiles
from support.databases.raw_rows import raw_rows
from support.sampling import per_commit

# Copies a database like the command does, but kills itself before the given table.
KILLED_AT = """
import os, sys
from fitgap.runner.store.admin import copy
copy_table = copy.copy_table
def killed(table, *others):
    if table.name == sys.argv[3]:
        os.kill(os.getpid(), 9)
    return copy_table(table, *others)
copy.copy_table = killed
copy.copy_database(sys.argv[1], sys.argv[2])
"""


@pytest.fixture
def other_databases(database_kind, request, tmp_path):
    """Makes databases of the other kind."""
    folder = tmp_path / "other"
    folder.mkdir()
    if database_kind == "postgresql":
        yield SqliteFiles(folder, request.getfixturevalue("sqlite_template"))
    else:
        made = PostgresDatabases(request.getfixturevalue("postgres"), request.getfixturevalue("postgres_template"))
        yield made
        made.close()


@pytest.fixture
def filled(store, driver, make_plan, make_configuration, make_rows):
    """A store with every kind of row and number, in two sweeps."""
    numbers = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3, math.nan, math.inf, -math.inf, 2.0**53 + 2]
    names = make_configuration(0, architecture="ünï '\"; --", settings={"zero": -0.0, "big": 10**20, "no": None})
    store.add_sweep(make_plan([names, *(make_configuration(number) for number in range(1, 10))], 2))
    store.add_sweep(make_plan(2, 1, name="another"))
    driver.claim([1, 2, 3])
    driver.record(Block(make_rows([1] * len(numbers), range(1, len(numbers) + 1), e_t=numbers, e_v=numbers), ()))
    driver.record(
        Block(
            make_rows([2, 3], [1, 1]),
            (TrialEnd(2, Status.COMPLETED, e_v=0.1, learned={"layer_1.0.beta": math.nan}),),
            (KeptNetwork(2, 1, np.arange(5.0)),),
            states=(SavedState(3, 1, {"parameters": np.ones(4, np.float32)}),),
        )
    )
    with store._engine.begin() as connection:
        connection.execute(sa.insert(evidence).values(trial_id=2, statistics={"dead": 1 / 3}, content=b"\0arrays"))
        connection.execute(sa.insert(trial_tag).values(trial_id=2, tag="ödd"))
        connection.execute(sa.insert(sweep_tag).values(sweep_id=1, tag="'"))
        connection.execute(sa.insert(confusion).values(trial_id=2, content=b"\0counts"))
        connection.execute(sa.insert(class_count).values(trial_id=2, last=[[3, 2]], best=None))
        connection.execute(sa.insert(peer_reference).values(sweep_id=1, peers="noise=0.1", skill="clear"))
        variant = {"sweep_id": 1, "repeat": 1, "variant": "n=5", "training_count": 5}
        connection.execute(sa.insert(split_variant).values(**variant, constant_columns=[], preprocessing={"a": -0.0}))
    return store


@pytest.mark.parametrize("block", per_commit([3], [1, 3, 5_000]))
def test_there_and_back_everything_is_the_same(block, filled, database, other_databases, databases, monkeypatch):
    monkeypatch.setattr(copy, "BLOCK_ROWS", block)
    monkeypatch.setattr(copy, "BLOCK_ARRAYS", block)
    there, back = other_databases.make(empty=True), databases.make(empty=True)
    counts = copy_database(database, there)
    copy_database(there, back)
    original = raw_rows(database)
    assert raw_rows(there) == original
    assert raw_rows(back) == original
    assert counts == {table: len(rows) for table, rows in original.items()}
    assert set(counts) == set(metadata.tables) and all(counts.values())


def test_a_copy_within_one_kind_is_the_same(filled, database, databases):
    copy = databases.make()
    copy_database(database, copy)
    assert raw_rows(copy) == raw_rows(database)


def test_new_rows_of_a_copy_get_new_numbers(filled, database, other_databases, make_plan, identity):
    copy = other_databases.make(empty=True)
    copy_database(database, copy)
    with open_store_for_writing(copy) as store:
        before = {row["trial"] for name in ("plan", "another") for row in store.trials(name)}
        number, name = store.add_sweep(make_plan(2, 2))
        assert (number, name) == (3, "plan-2")
        assert not before & {row["trial"] for row in store.trials(name)}
        assert store.begin_driver(identity).driver_id == 2


def test_a_copy_is_not_made_over_rows(filled, database, other_databases, make_plan):
    target = other_databases.make()
    with open_store_for_writing(target) as store:
        store.add_sweep(make_plan())
    before = raw_rows(target)
    for refused in (target, database):
        with pytest.raises(StoreError, match="already has rows; name a new one"):
            copy_database(database, refused)
    assert raw_rows(target) == before


@pytest.mark.parametrize(("before", "after"), [(0o444, 0o644), (0o440, 0o640), (0o400, 0o600)])
def test_the_copy_of_a_read_only_file_is_writable(before, after, sqlite_template, tmp_path):
    """The error message for a database that can only be read advises copying it."""
    source, made = tmp_path / "source.db", tmp_path / "copy.db"
    shutil.copy(sqlite_template, source)
    source.chmod(before)
    copy_database(str(source), str(made))
    assert stat.S_IMODE(made.stat().st_mode) == after
    open_store_for_writing(str(made)).close()


@pytest.mark.parametrize("table", per_commit(["data_set", "epoch"], ["data_set", "trial", "epoch", "state"]))
def test_a_copy_that_fails_leaves_nothing(table, filled, database, other_databases, monkeypatch, tmp_path):
    copy_table = copy.copy_table

    def fail(which, *others):
        if which.name == table:
            raise OSError("no space left on device")
        return copy_table(which, *others)

    target = other_databases.make(empty=True)
    with monkeypatch.context() as patched, pytest.raises((OSError, StoreError), match="no space left"):
        patched.setattr(copy, "copy_table", fail)
        copy_database(database, target)
    assert list((tmp_path / "other").iterdir()) == []
    if "://" in target:
        assert raw_rows(target) == {}
    copy_database(database, target)
    assert raw_rows(target) == raw_rows(database)


@pytest.mark.parametrize("table", per_commit(["epoch"], ["sweep", "epoch"]))
def test_a_copy_that_is_killed_can_be_made_anew(table, filled, database, other_databases):
    target = other_databases.make(empty=True)
    killed = subprocess.run([sys.executable, "-c", KILLED_AT, database, target, table], check=False)
    assert killed.returncode == -9
    with pytest.raises(StoreError, match="is empty" if "://" in target else "there is no database"):
        open_store(target)
    copy_database(database, target)
    assert raw_rows(target) == raw_rows(database)


def test_what_is_written_meanwhile_is_in_all_tables_or_in_none(
    filled, database, other_databases, make_plan, monkeypatch
):
    """A sweep is added while the tables are being read one after another."""
    before = raw_rows(database)
    copy_table = copy.copy_table

    def add_meanwhile(table, *others):
        if table.name == "configuration":
            filled.add_sweep(make_plan(name="meanwhile"))
        return copy_table(table, *others)

    monkeypatch.setattr(copy, "copy_table", add_meanwhile)
    target = other_databases.make(empty=True)
    copy_database(database, target)
    assert raw_rows(target) == before
    assert raw_rows(database) != before


def test_json_with_numbers_that_json_does_not_have_becomes_null(sqlite_template, tmp_path, postgres, request):
    """Earlier versions wrote NaN into JSON. The string "NaN" is text, not a number, and stays."""
    source = str(SqliteFiles(tmp_path, sqlite_template).make())
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(
            "INSERT INTO data_set VALUES (1, 'NaN', 'f', 1, 'numbers', '[NaN, 1.50]', '[\"NaN\"]', '[-Infinity]', NULL)"
        )
    target = PostgresDatabases(postgres, request.getfixturevalue("postgres_template"))
    address = target.make(empty=True)
    copy_database(source, address)
    (row,) = raw_rows(address)["data_set"]
    target.close()
    assert set(row) >= {"'NaN'", "'[null, 1.5]'", "'[\"NaN\"]'", "'[null]'"}


def test_the_command_says_what_it_copied(filled, database, other_databases, invoke):
    answer = invoke("db", "copy", database, other_databases.make(empty=True))
    assert (answer.code, answer.out, answer.err) == (0, "copied; sweeps: 2, trials: 22, epochs: 11\n", "")
