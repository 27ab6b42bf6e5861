"""Somebody else locks the database while a sweep is trained: the driver waits, no trial fails, all else is the same."""

import contextlib
import sqlite3
import threading

import psycopg
import pytest
from small_sweeps import findings, train

from runner.store import open_store, postgresql, sqlite

LOCKED_SECONDS = 1.0
TIMES = 2


def keep_locked(address, locked):
    """Hold the lock for writing for a while; `locked` is set once it is held."""
    if "://" in address:
        with psycopg.connect(address) as connection:
            connection.execute("LOCK TABLE driver, trial, epoch IN EXCLUSIVE MODE")
            hold(locked)
    else:
        with contextlib.closing(sqlite3.connect(address, timeout=30, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            hold(locked)
            connection.execute("ROLLBACK")


def hold(locked):
    locked.set()
    threading.Event().wait(LOCKED_SECONDS)


@pytest.fixture(params=["the database waits", "the driver waits"])
def who_waits(request, monkeypatch):
    """In the database's own time, or beyond it, where it gives up and the driver tries again."""
    if request.param == "the driver waits":
        monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.2)
        monkeypatch.setattr(postgresql, "WRITING", postgresql.WRITING.replace("30s", "200ms"))


def test_a_lock_held_by_somebody_else_fails_no_trial(who_waits, databases):
    undisturbed, address = databases.make(), databases.make()
    train(undisturbed)
    lockers = []

    def lock_now_and_then(block):
        """The next thing that is written finds the database locked."""
        if len(lockers) < TIMES and block.rows:
            locked = threading.Event()
            lockers.append(threading.Thread(target=keep_locked, args=(address, locked)))
            lockers[-1].start()
            assert locked.wait(60)

    train(address, observe=lock_now_and_then)
    for locker in lockers:
        locker.join()
    assert len(lockers) == TIMES
    assert findings(address) == findings(undisturbed)
    with open_store(address) as store:
        (row,) = store.sweeps()
        assert (row["failed"], row["pending"], row["running"]) == (0, 0, 0)
        assert {store.show(trial["trial"])["attempt"] for trial in store.trials("small")} == {1}
