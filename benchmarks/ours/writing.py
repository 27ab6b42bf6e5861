"""Timing of writing epochs to the store."""

import time
from collections.abc import Iterator

import numpy as np
from fitgap.runner.driver import write_sweep
from fitgap.runner.messages import Block

from benchmarks.ours.driving import fresh_store, nameless_driver, prepared_sweep, synthetic_rows
from benchmarks.sweeps import FULL, digits_sweep

PACK_SIZE = 20


def write_blocks(rows: int, block_rows: int) -> dict[str, float]:
    """Rows per second into a fresh SQLite file, in blocks of `block_rows`, each with a few epochs of one pack."""
    with fresh_store() as store:
        written = write_sweep(store, prepared_sweep(digits_sweep(FULL, epochs=10)))
        trials = [row["trial"] for row in store.trials(written.sweep_id)]
        driver = nameless_driver(store)
        driver.claim(trials)
        blocks = list(synthetic_blocks(np.array(trials), rows, block_rows))
        start = time.perf_counter()
        for block in blocks:
            driver.record(block)
        seconds = time.perf_counter() - start
    return {"rows": sum(len(block.rows) for block in blocks if block.rows) / seconds}


def synthetic_blocks(trials: np.ndarray, rows: int, block_rows: int) -> Iterator[Block]:
    """At least `rows` rows: one block for each pack in turn, then one with the next epochs of each pack, and so on."""
    packs = trials.reshape(-1, PACK_SIZE)
    epochs_per_block = block_rows // PACK_SIZE
    for number in range(-(-rows // block_rows)):
        round_, pack = divmod(number, len(packs))
        epochs = round_ * epochs_per_block + np.arange(1, epochs_per_block + 1)
        yield Block(synthetic_rows(np.tile(packs[pack], epochs_per_block), np.repeat(epochs, PACK_SIZE)), ())
