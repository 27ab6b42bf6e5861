"""Messages between driver and workers: plain enough to be sent, and unchanged when they arrive."""

import dataclasses
import math
import pickle

import numpy as np
from fitgap.runner.messages import Block, EpochCounts, EpochRows, TrialEnd
from fitgap.runner.store.schema import tables
from fitgap.runner.trial_status import Status


def test_a_block_arrives_as_it_was_sent(make_rows):
    rows = make_rows([1, 2], [3, 3], e_v=[math.nan, 0.5])
    block = pickle.loads(pickle.dumps(Block(rows, (TrialEnd(1, Status.DIVERGED, "reason"),))))  # noqa: S301
    for field in dataclasses.fields(EpochRows):
        assert np.array_equal(getattr(block.rows, field.name), getattr(rows, field.name), equal_nan=True)
    assert block.ended[0].status is Status.DIVERGED


def test_rows_have_the_columns_of_the_epoch_table():
    assert [field.name for field in dataclasses.fields(EpochRows)] == tables.epoch.columns.keys()


def test_every_number_of_a_trials_end_has_a_column():
    columns, elsewhere = set(tables.trial.columns.keys()), {"confusion", "recognized", "best_recognized", "metrics"}
    assert {field.name for field in dataclasses.fields(TrialEnd)[1:]} - elsewhere <= columns
    assert set(tables.METRICS) <= columns, "the names in `metrics`"


def test_rows_are_counted(make_rows):
    assert len(make_rows([1, 2, 3], [1, 1, 1])) == 3


def test_what_was_trained_is_told_by_rows_or_beside_them(make_rows):
    """By the rows if they contain all epochs, otherwise by `counted`. A subset reports only its own trials."""
    rows = make_rows([7, 8, 7, 8, 8], [1, 1, 2, 2, 3])
    assert counts_of(Block(rows, ())) == [(7, 2, 2), (8, 3, 3)]
    counted = EpochCounts(np.array([7, 8]), np.array([9, 12]), np.array([1, 4]))
    block = Block(rows, (), counted=counted)
    assert counts_of(block) == [(7, 9, 1), (8, 12, 4)]
    assert counts_of(block.subset({8})) == [(8, 12, 4)]
    assert Block(None, ()).trained is None
    assert block.is_to_be_stored and not Block(None, (), counted=counted).is_to_be_stored


def counts_of(block):
    return list(zip(*(each.tolist() for each in vars(block.trained).values()), strict=True))
