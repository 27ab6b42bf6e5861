"""What passes between driver and workers: plain enough to be sent, and the same when it arrives."""

import dataclasses
import math
import pickle

import numpy as np

from runner.messages import Block, EpochRows, TrialEnd
from runner.status import Status
from runner.store import tables


def test_a_block_arrives_as_it_was_sent(make_rows):
    rows = make_rows([1, 2], [3, 3], e_v=[math.nan, 0.5])
    block = pickle.loads(pickle.dumps(Block(rows, (TrialEnd(1, Status.DIVERGED, "reason"),))))  # noqa: S301
    for field in dataclasses.fields(EpochRows):
        assert np.array_equal(getattr(block.rows, field.name), getattr(rows, field.name), equal_nan=True)
    assert block.ended[0].status is Status.DIVERGED


def test_rows_have_the_columns_of_the_epoch_table():
    assert [field.name for field in dataclasses.fields(EpochRows)] == tables.epoch.columns.keys()


def test_every_number_of_a_trials_end_has_a_column():
    assert {field.name for field in dataclasses.fields(TrialEnd)[1:]} <= set(tables.trial.columns.keys())


def test_rows_are_counted(make_rows):
    assert len(make_rows([1, 2, 3], [1, 1, 1])) == 3
