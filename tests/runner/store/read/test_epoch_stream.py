"""Streams of epochs: the same numbers as row by row, whatever the size of the blocks."""

import math

import numpy as np
import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.messages import Block
from fitgap.runner.store.read import epoch_columns, epoch_stream
from fitgap.runner.store.read.reader_process import ReaderProcess
from support.sampling import at_night, on_sqlite_per_commit


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
    monkeypatch.setattr(epoch_stream, "TRIALS_AT_A_TIME", trials_at_a_time)
    monkeypatch.setattr(epoch_columns, "ROWS_AT_A_TIME", rows_at_a_time)
    assert rows_of(filled.epoch_blocks("one")) == filled.sweep_epochs("one") != []
    assert rows_of(filled.epoch_blocks([5, 4, 4])) == filled.epochs([4, 5])
    assert rows_of(filled.epoch_blocks([2])) == []


def test_columns_have_their_kinds_and_blocks_have_rows(filled):
    (block,) = filled.epoch_blocks("one")
    assert {name: column.dtype for name, column in block.items()} == {
        name: np.int32 if name in ("trial", "epoch") else float for name in filled.epochs([1])[0]
    }


@pytest.mark.nightly
@pytest.mark.parametrize(("database_kind", "count"), [("sqlite", 40_000), at_night("postgresql", 70_000)])
def test_any_number_of_trials_may_be_named(count, store, make_plan):
    """More than the database accepts as parameters of one statement."""
    store.add_sweep(make_plan(count, 1, name="large"))
    assert list(store.epoch_blocks(range(1, count + 1))) == []


def test_what_does_not_exist_is_told_before_the_first_block(filled):
    for missing in ("three", [1, 99]):
        with pytest.raises(StoreError, match="there is no"):
            next(filled.epoch_blocks(missing))


@pytest.fixture
def helpers(monkeypatch):
    """The helper processes that were started. A helper starts as soon as there is work for it; blocks are small."""
    started = []

    class Noted(ReaderProcess):
        def __init__(self, file, parts):
            super().__init__(file, parts)
            started.append(self)

    monkeypatch.setattr(epoch_stream, "TRIALS_AT_A_TIME", 1)
    monkeypatch.setattr(epoch_stream, "SECONDS_BEFORE_HELP", -1.0)
    monkeypatch.setattr(epoch_stream, "usable_cores", lambda: 2)
    monkeypatch.setattr(epoch_stream, "ReaderProcess", Noted)
    return started


@pytest.fixture
def curves(store, driver, make_plan, make_rows):
    """A sweep `curves` of eight trials, the k-th with k epochs."""
    store.add_sweep(make_plan(8, 1, name="curves"))
    driver.claim(range(1, 9))
    for trial in range(1, 9):
        values = np.random.default_rng(trial).normal(size=trial)
        driver.record(Block(make_rows([trial] * trial, range(1, trial + 1), e_t=values, e_v=-values), ()))
    return store


def test_with_help_the_blocks_are_the_same_in_the_same_order(curves, helpers):
    blocks = list(curves.epoch_blocks("curves"))
    assert [len(block["trial"]) for block in blocks] == list(range(1, 9))
    assert rows_of(blocks) == curves.sweep_epochs("curves")
    is_file = curves._engine.dialect.name == "sqlite"
    assert len(helpers) == is_file
    assert all(helper.process.returncode is not None for helper in helpers)


@on_sqlite_per_commit
def test_where_the_help_dies_the_rest_is_read_all_the_same(curves, helpers):
    blocks = curves.epoch_blocks("curves")
    first = [next(blocks), next(blocks)]
    for helper in helpers:
        helper.process.kill()
        helper.process.wait()
    assert rows_of([*first, *blocks]) == curves.sweep_epochs("curves")


@on_sqlite_per_commit
def test_who_stops_listening_leaves_no_process(curves, helpers):
    blocks = curves.epoch_blocks("curves")
    next(blocks), next(blocks)
    blocks.close()
    assert all(helper.process.returncode is not None for helper in helpers)


def test_where_no_process_can_be_started_all_is_read_alone(curves, helpers, monkeypatch):
    def refuse(*arguments):
        raise OSError("no more processes")

    monkeypatch.setattr(epoch_stream, "ReaderProcess", refuse)
    assert rows_of(curves.epoch_blocks("curves")) == curves.sweep_epochs("curves")
    assert helpers == []
