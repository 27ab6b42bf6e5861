"""A full disk, at each size that an SQLite file passes while a sweep is trained: one line, nothing lost, it goes on."""

import sqlite3
import sys

import pytest
from small_sweeps import SWEEP, TRIALS, findings, train

from runner.cli import main
from runner.errors import StoreError
from runner.store import open_store, open_store_for_writing, sqlite

PAGE_LIMITS = 50


def limited(pages):
    """Lets the file of a store grow to so many pages."""

    def prepare(store):
        connection = store._engine.raw_connection()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.close()

    return prepare


def pages_of(path):
    connection = sqlite3.connect(path)
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    return count


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the sweep finds where there is room, and the pages of an empty and of the full database."""
    path = str(tmp_path_factory.mktemp("undisturbed") / "store.db")
    open_store_for_writing(path).close()
    empty = pages_of(path)
    train(path)
    return findings(path), empty, pages_of(path)


def test_a_sweep_that_finds_the_disk_full_loses_nothing_and_goes_on(undisturbed, tmp_path):
    expected, empty, full = undisturbed
    limits = sorted({empty + (full - empty) * point // PAGE_LIMITS for point in range(PAGE_LIMITS)})
    assert len(limits) > 12
    stages = set()
    for limit in limits:
        path = str(tmp_path / f"{limit}.db")
        told = {}

        def remember(block, told=told):
            for number, epoch, error in zip(block.rows.trial_id, block.rows.epoch, block.rows.e_v, strict=True):
                told[int(number), int(epoch)] = float(error)

        with pytest.raises(StoreError, match="has no room left on its disk; make room") as caught:
            train(path, limited(limit), lambda block: block.rows and remember(block))
        assert str(caught.value).isprintable() and pages_of(path) <= limit
        stages.add(check_what_was_told(path, told))
        train(path)
        assert findings(path) == expected
    # It was full before the sweep was written, and after some of its epochs.
    assert stages >= {"nothing", "epochs"}


def check_what_was_told(path, told):
    """Every epoch that an observer was told of is there; how far the sweep came."""
    with open_store(path) as store:
        if not store.sweeps():
            assert not told
            return "nothing"
        assert len(store.trials("small")) == TRIALS
        there = {(row["trial"], row["epoch"]): row["e_v"] for row in store.sweep_epochs("small")}
    for key, error in told.items():
        assert there[key] == error or there[key] is None
    return "epochs" if told else "trials"


def test_the_command_tells_it_in_one_line(undisturbed, tmp_path, monkeypatch, capsys):
    _, empty, full = undisturbed
    open_sqlite = sqlite.open_sqlite

    def on_a_small_disk(url, how):
        connection = open_sqlite(url, how)
        connection.execute(f"PRAGMA max_page_count = {(empty + full) // 2}")
        return connection

    monkeypatch.setattr(sqlite, "open_sqlite", on_a_small_disk)
    (tmp_path / "small.yaml").write_text(SWEEP)
    arguments = ["fitgap", "run", str(tmp_path / "small.yaml"), "--engine", "local", "--db", str(tmp_path / "x.db")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    line = (
        f"fitgap: the database {tmp_path}/x.db has no room left on its disk; make room; what was written before is kept"
    )
    assert capsys.readouterr().err.splitlines()[-1] == line
