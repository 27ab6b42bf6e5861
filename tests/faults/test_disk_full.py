"""A disk that fills up at each of several sizes of an SQLite file, or after several numbers of rows on a server: the
error is one line, nothing is lost, and the sweep can be resumed.
"""

import sqlite3
import sys

import psycopg
import pytest
from fitgap.runner.cli.main import main
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.database import sqlite
from fitgap.runner.store.schema.tables import metadata
from support.databases.small_sweeps import SWEEP, findings, train
from support.faults.children import outcome
from support.faults.full_disks import STAGES, fill, train_until_full
from support.sampling import at_night

# These tests share fixtures that are slow to set up.
pytestmark = pytest.mark.xdist_group("a full disk")

# How many sizes are tried per commit and at night.
LIMITS = pytest.mark.parametrize("count", [3, at_night(30)])
# From the row with this number on, the server refuses to write as if its disk were full.
LIMIT_ROWS = """
    CREATE SEQUENCE written;
    CREATE TABLE room (rows bigint);
    INSERT INTO room VALUES (%d);
    CREATE FUNCTION take_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('written') > (SELECT rows FROM room) THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NEW;
    END $$
"""
TRIGGER = "CREATE TRIGGER take_room BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION take_room()"
ENDLESS = 2**60


def limited(pages):
    """Limits the file of a store to this many pages."""

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
    """The results of the sweep without a limit, and the numbers of pages of the empty and of the full database."""
    path = str(tmp_path_factory.mktemp("undisturbed") / "store.db")
    open_store_for_writing(path).close()
    empty = pages_of(path)
    train(path)
    return findings(path), empty, pages_of(path)


@LIMITS
def test_a_sweep_that_finds_the_disk_full_loses_nothing_and_goes_on(count, undisturbed, tmp_path):
    expected, empty, full = undisturbed
    limits = sorted({empty + (full - empty) * point // count for point in range(count)})
    assert len(limits) > count * 2 // 3
    stages = set()
    for limit in limits:
        path = str(tmp_path / f"{limit}.db")
        stages.add(train_until_full(path, limited(limit)))
        assert pages_of(path) <= limit
        train(path)
        assert findings(path) == expected
    # The disk was full before the sweep was written, and after some of its epochs.
    assert stages >= {"nothing", "epochs"}


@pytest.mark.nightly
@LIMITS
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_sweep_that_finds_the_disk_of_the_server_full_loses_nothing_and_goes_on(count, databases):
    undisturbed = databases.make()
    limit_rows(undisturbed, ENDLESS)
    train(undisturbed)
    expected, full = findings(undisturbed), asked(undisturbed, "SELECT last_value FROM written")
    assert full > 500
    stages = set()
    for point in range(count):
        address = databases.make()
        limit_rows(address, full * point // count)
        # In a process of its own, which then ends; its driver could not even record its own end.
        stages.add(STAGES[outcome(fill, address)])
        asked(address, f"UPDATE room SET rows = {ENDLESS} RETURNING 1")
        train(address)
        assert findings(address) == expected
    assert stages >= {"nothing", "epochs"}


def limit_rows(address, count):
    """Let the server report a full disk after N rows."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(LIMIT_ROWS % count)
        for table in metadata.tables:
            connection.execute(TRIGGER.format(table))


def asked(address, question):
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(question).fetchone()[0]


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
    advice = "free some space; everything written before is kept"
    line = f"fitgap: the database {tmp_path}/x.db has no space left on its disk; {advice}"
    assert capsys.readouterr().err.splitlines()[-1] == line
