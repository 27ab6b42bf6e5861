"""Training until the disk is full, in this process or in one of its own."""

import sys

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store

from support.databases.small_sweeps import TRIALS, train

# How far a sweep came, by the exit code of `fill`. Exit code 1 is an unexpected error.
STAGES = {10: "nothing", 11: "trials", 12: "epochs"}


def fill(address):
    """Train until the disk is full; the exit code says how far the sweep came."""
    stage = train_until_full(address)
    sys.exit(next(code for code, name in STAGES.items() if name == stage))


def train_until_full(address, prepare=None):
    """Train until the disk is full and check that every reported epoch is stored; returns how far the sweep came."""
    told = {}

    def remember(block):
        if block.rows:
            for number, epoch, error in zip(block.rows.trial_id, block.rows.epoch, block.rows.e_v, strict=True):
                told[int(number), int(epoch)] = float(error)

    with pytest.raises(StoreError, match="has no space left on its disk; free some space") as caught:
        train(address, prepare, remember)
    assert str(caught.value).isprintable()
    return check_what_was_told(address, told)


def check_what_was_told(path, told):
    """Check that every epoch that was reported to an observer is stored; returns how far the sweep came."""
    with open_store(path) as store:
        if not store.sweeps():
            assert not told
            return "nothing"
        assert len(store.trials("small")) == TRIALS
        there = {(row["trial"], row["epoch"]): row["e_v"] for row in store.sweep_epochs("small")}
    for key, error in told.items():
        assert there[key] == error or there[key] is None
    return "epochs" if told else "trials"
