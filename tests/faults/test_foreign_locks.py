"""Another process locks the database while a sweep is trained: the driver waits, no trial fails, and the results are
the same.
"""

import contextlib
import sqlite3
import threading

import psycopg
import pytest
from fitgap.runner.store import open_store
from fitgap.runner.store.database import postgresql, sqlite
from support.databases.small_sweeps import findings, train
from support.sampling import on_sqlite_per_commit

LOCKED_SECONDS = 1.0
TIMES = 2
# Longer than SQLite's lock timeout. The requirement is half a minute.
LONG_SECONDS = 31.0


def keep_locked(address, locked, seconds):
    """Hold the write lock for this many seconds; `locked` is set once it is held."""
    if "://" in address:
        with psycopg.connect(address) as connection:
            connection.execute("LOCK TABLE driver, trial, epoch IN EXCLUSIVE MODE")
            hold(locked, seconds)
    else:
        with contextlib.closing(sqlite3.connect(address, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            hold(locked, seconds)
            connection.execute("ROLLBACK")


def hold(locked, seconds):
    locked.set()
    threading.Event().wait(seconds)


@pytest.fixture(params=["the database waits", "the driver waits"])
def who_waits(request, monkeypatch):
    """Within the database's lock timeout; or beyond it, so that the database gives up and the driver tries again."""
    if request.param == "the driver waits":
        monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(postgresql, "WRITING", postgresql.WRITING.replace("30s", "200ms"))


@on_sqlite_per_commit
def test_a_lock_held_by_somebody_else_fails_no_trial(who_waits, databases):
    train_while_locked(databases, TIMES, LOCKED_SECONDS)


@pytest.mark.nightly
def test_a_lock_held_for_half_a_minute_fails_no_trial(databases):
    train_while_locked(databases, 1, LONG_SECONDS)


def train_while_locked(databases, times, seconds):
    """Train while the lock is taken N times for this many seconds each, and compare with undisturbed training."""
    undisturbed, address = databases.make(), databases.make()
    train(undisturbed)
    lockers = []

    def lock_now_and_then(block):
        """Take the lock, so that the next write finds the database locked."""
        if len(lockers) < times and block.rows:
            locked = threading.Event()
            lockers.append(threading.Thread(target=keep_locked, args=(address, locked, seconds)))
            lockers[-1].start()
            assert locked.wait(60)

    train(address, on_block=lock_now_and_then)
    for locker in lockers:
        locker.join()
    assert len(lockers) == times
    assert findings(address) == findings(undisturbed)
    with open_store(address) as store:
        (row,) = store.sweeps()
        assert (row["failed"], row["pending"], row["running"]) == (0, 0, 0)
        assert {store.show(trial["trial"])["attempt"] for trial in store.trials("small")} == {1}
