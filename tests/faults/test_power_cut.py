"""Power cuts: whatever part of an SQLite file's log reached the disk, the database opens, is intact, and contains all
transactions up to one of them and none after it.
"""

import random
import shutil
import sqlite3

import numpy as np
import pytest
from fitgap.runner.messages import Block, EpochRows, TrialEnd
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.trial_status import Status
from support.databases.plain_plans import IDENTITY, plain_plan
from support.sampling import at_night

BLOCKS = 25
# How many are tried per commit and at night.
CUTS = pytest.mark.parametrize("cuts", [250, at_night(1_000)])
SPOILS = pytest.mark.parametrize("spoils", [50, at_night(200)])
TRAINING, ENDING = range(1, 6), range(6, 11)


def block(epoch):
    """Epochs of some trials, and every fifth time the end of another trial."""
    values = np.full(len(TRAINING), 1 / (epoch + 1))
    rows = EpochRows(np.array(TRAINING), np.full(len(TRAINING), epoch), *([values] * 8))
    ended = [TrialEnd(ENDING[epoch // 5 - 1], Status.COMPLETED, epochs=epoch)] if epoch % 5 == 0 else []
    return Block(rows, tuple(ended))


def moment(path):
    """A summary that differs between any two states of the database; checks that it is intact."""
    connection = sqlite3.connect(path)
    # Faster, with the same results.
    connection.execute("PRAGMA synchronous = OFF")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        epochs = connection.execute("SELECT epoch, count(*), sum(e_t) FROM epoch GROUP BY epoch ORDER BY epoch")
        ended = connection.execute("SELECT id FROM trial WHERE status = 'completed' ORDER BY id")
        return tuple(epochs.fetchall()), tuple(ended.fetchall())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory, sqlite_template):
    """A database file, its log with the last transactions, and the summary after each of these."""
    folder = tmp_path_factory.mktemp("written")
    path = shutil.copy(sqlite_template, folder / "store.db")
    with open_store_for_writing(str(path)) as store:
        store.add_sweep(plain_plan(len(TRAINING) + len(ENDING)))
        driver = store.begin_driver(IDENTITY)
        driver.claim([*TRAINING, *ENDING])
        connection = store._engine.raw_connection()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.close()
        moments = [moment(path)]
        for epoch in range(1, BLOCKS + 1):
            driver.record(block(epoch))
            moments.append(moment(path))
        file, log = path.read_bytes(), path.with_name("store.db-wal").read_bytes()
    assert len(set(moments)) == BLOCKS + 1 and len(log) > 100_000
    return file, log, moments


def after_power_came_back(folder, file, log):
    """The database as found after power has come back."""
    path = folder / "store.db"
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    path.write_bytes(file)
    path.with_name("store.db-wal").write_bytes(log)
    return path


@CUTS
def test_a_log_cut_anywhere_gives_a_beginning_of_what_was_written(cuts, written, tmp_path):
    file, log, moments = written
    rng = random.Random(0)
    found = []
    for end in [*sorted(rng.sample(range(len(log)), cuts)), len(log)]:
        path = after_power_came_back(tmp_path, file, log[:end])
        found.append(moments.index(moment(path)))
    assert found == sorted(found)
    # Everything before the cut is kept.
    assert set(found) == set(range(BLOCKS + 1))


@SPOILS
@pytest.mark.parametrize("spoiled", [b"\0" * 512, b"\xff" * 512, b"\xa5"], ids=["zeros", "ones", "a byte"])
def test_a_log_with_a_hole_gives_what_was_written_before_it(spoiled, spoils, written, tmp_path):
    """A disk may write later parts before earlier ones."""
    file, log, moments = written
    rng = random.Random(1)
    for _ in range(spoils):
        start = rng.randrange(len(log))
        holed = (log[:start] + spoiled + log[start + len(spoiled) :])[: len(log)]
        path = after_power_came_back(tmp_path, file, holed)
        # If the hole holds the bytes that were there before, nothing has changed.
        assert moments.index(moment(path)) < BLOCKS or holed == log


def test_the_sweep_goes_on_after_a_power_cut(written, tmp_path):
    file, log, _ = written
    path = after_power_came_back(tmp_path, file, log[: len(log) // 2])
    with open_store(str(path)) as store:
        before = store.sweep_epochs("plan")
        assert 0 < len(before) < BLOCKS * len(TRAINING)
    with open_store_for_writing(str(path)) as store:
        driver = store.begin_driver(IDENTITY)
        (other,) = driver.other_drivers_at_work()
        assert driver.take_over(other) == len(TRAINING) + len(ENDING) - len(moment(path)[1])
        driver.claim(TRAINING)
        for epoch in range(1, BLOCKS + 1):
            driver.record(Block(block(epoch).rows, ()))
        assert len(store.sweep_epochs("plan")) == BLOCKS * len(TRAINING)
        assert store.sweep_epochs("plan")[: len(before) // len(TRAINING)] == before[: len(before) // len(TRAINING)]
