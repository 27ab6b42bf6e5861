"""Epochs by the million: the same numbers as row by row, whatever the size of the blocks."""

import math

import numpy as np
import pytest

from runner.errors import StoreError
from runner.messages import Block
from runner.store import bulk


@pytest.fixture
def filled(store, driver, make_plan, make_rows):
    """Two sweeps: `one` with epochs of trials 1, 3 and 4, some of them not finite, `two` with those of trial 5."""
    for name in ("one", "two"):
        store.add_sweep(make_plan(2, 2, name=name))
    driver.claim(range(1, 9))
    rng = np.random.default_rng(0)
    for trial, epochs in ((4, 7), (1, 3), (5, 2), (3, 1)):
        values = rng.normal(size=epochs)
        values[-1] = math.nan if trial == 4 else values[-1]
        driver.record(Block(make_rows([trial] * epochs, range(1, epochs + 1), e_t=values, e_v=-values), ()))
    return store


def rows_of(blocks):
    """The rows of blocks as the store gives them, with None for NaN."""
    return [
        {name: None if value != value else value for name, value in zip(block, values, strict=True)}
        for block in blocks
        for values in zip(*(column.tolist() for column in block.values()), strict=True)
    ]


@pytest.mark.parametrize(("trials_at_a_time", "rows_at_a_time"), [(500, 1_000), (1, 2), (2, 1)])
def test_blocks_hold_what_the_rows_hold(trials_at_a_time, rows_at_a_time, filled, monkeypatch):
    monkeypatch.setattr(bulk, "TRIALS_AT_A_TIME", trials_at_a_time)
    monkeypatch.setattr(bulk, "ROWS_AT_A_TIME", rows_at_a_time)
    assert rows_of(filled.epoch_blocks("one")) == filled.sweep_epochs("one") != []
    assert rows_of(filled.epoch_blocks([5, 4, 4])) == filled.epochs([4, 5])
    assert rows_of(filled.epoch_blocks([2])) == []


def test_columns_have_their_kinds_and_blocks_have_rows(filled):
    (block,) = filled.epoch_blocks("one")
    assert {name: column.dtype for name, column in block.items()} == {
        name: np.int32 if name in ("trial", "epoch") else float for name in filled.epochs([1])[0]
    }


def test_what_does_not_exist_is_told_before_the_first_block(filled):
    for missing in ("three", [1, 99]):
        with pytest.raises(StoreError, match="there is no"):
            next(filled.epoch_blocks(missing))
