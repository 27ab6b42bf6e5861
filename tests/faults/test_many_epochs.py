"""Ten million epochs: the last are written as fast as the first, memory does not grow, and all of them are stored."""

import contextlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from fitgap.runner.messages import MEASURED, Block, EpochRows
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.schema.tables import epoch
from support.databases.plain_plans import IDENTITY, plain_plan
from support.faults.commands import own_kilobytes
from support.faults.made_up_blocks import number_of

TRIALS, PACK, EPOCHS, EPOCHS_PER_BLOCK = 1_000, 100, 10_000, 10
# The time of the last tenth relative to the first. Rows per second depend on the machine and are only printed.
SLOWER = 2.0
MOST_GROWTH_KILOBYTES = 64 * 1024


def blocks():
    """The blocks that packs send one after the other, each with some epochs of every trial of the pack."""
    for first in range(1, TRIALS + 1, PACK):
        trials = np.tile(np.arange(first, first + PACK), EPOCHS_PER_BLOCK)
        for start in range(1, EPOCHS + 1, EPOCHS_PER_BLOCK):
            epochs = np.repeat(np.arange(start, start + EPOCHS_PER_BLOCK), PACK)
            yield Block(EpochRows(trials, epochs, **dict.fromkeys(MEASURED, number_of(trials, epochs))), ())


@pytest.mark.nightly
def test_ten_million_epochs_are_written(databases, database_kind):
    address = databases.make()
    with open_store_for_writing(address) as store:
        store.add_sweep(plain_plan(TRIALS))
        driver = store.begin_driver(IDENTITY)
        driver.claim(range(1, TRIALS + 1))
        memory, began = own_kilobytes(os.getpid()), time.monotonic()
        moments = [began]
        for block in blocks():
            assert driver.record(block) == set()
            moments.append(time.monotonic())
        seconds, growth = moments[-1] - began, own_kilobytes(os.getpid()) - memory
        with store._engine.connect() as connection:
            query = sa.select(sa.func.count(), sa.func.max(epoch.c.epoch), sa.func.sum(epoch.c.e_v))
            (found,) = connection.execute(query)
    with contextlib.suppress(FileNotFoundError):
        # The file is larger than a gigabyte.
        Path(address).unlink()
    rows = TRIALS * EPOCHS
    print(f"{database_kind}: {rows} rows, {rows / seconds:.0f} rows/s, {growth} KB more memory")
    assert found[:2] == (rows, EPOCHS)
    assert found[2] == pytest.approx(EPOCHS * TRIALS * (TRIALS + 1) / 2 + TRIALS * EPOCHS * (EPOCHS + 1) / 32)
    tenth = len(moments) // 10
    first, last = moments[tenth] - moments[0], moments[-1] - moments[-1 - tenth]
    print(f"{database_kind}: the first tenth of the blocks took {first:.1f} s, the last {last:.1f} s")
    assert last <= SLOWER * first
    assert growth <= MOST_GROWTH_KILOBYTES
