"""Training until there is no room any more, in this process or in one of its own."""

import sys

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store

from support.databases.small_sweeps import TRIALS, train

# How far a sweep came, by the exit code of `fill`: an error on the way is 1.
STAGES = {10: "nothing", 11: "trials", 12: "epochs"}


def fill(address):
    """Train until there is no room any more; the exit code says how far it came."""
    stage = train_until_full(address)
    sys.exit(next(code for code, name in STAGES.items() if name == stage))


def train_until_full(address, prepare=None):
    """Train until there is no room any more; how far it came, where everything that it had told of is there."""
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
