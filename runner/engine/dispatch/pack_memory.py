"""Estimates of the memory that a pack takes and of the size of its blocks, in bytes."""

import numpy as np
from fitgap.core.members import PackShape
from fitgap.core.parameter_layout import Layout
from fitgap.runner.messages import MEASURED, PackTask

# A worker process before it trains: Python, NumPy, Ray.
PROCESS_BYTES = 160 << 20
# Memory requests to Ray are rounded up to multiples of this, so that packs of similar size can reuse a worker.
STEP_BYTES = 64 << 20
# A block holds the epochs of half a second, rarely more than this many.
EPOCHS_PER_BLOCK = 256
# Errors of a bounded sample of examples, and everything else sent at the end of a trial.
EVIDENCE_BYTES = 8 << 10
# A state holds the parameters, at most two optimizer slots, and perhaps the best network.
NETWORKS_PER_STATE = 4
# Upper bound on the total size of the blocks that wait for the driver.
WAITING_BYTES = 64 << 20
MOST_WAITING_BLOCKS = 100


def member_bytes(shape: PackShape) -> int:
    """Bytes of a member in training: current and best parameters, gradient, two slots and scratch; for every example of
    a batch, three times the values of all layers, and the layers' scratch.
    """
    per_example = 3 * sum(shape.network.sizes) + shape.network.scratch
    numbers = 6 * Layout(shape.network).row_length + shape.batch_size * per_example
    return numbers * np.dtype(shape.dtype).itemsize


def pack_bytes(task: PackTask) -> int:
    """Bytes that a worker needs to train a pack, including its next block, rounded up to whole steps."""
    needed = PROCESS_BYTES + len(task.trials) * member_bytes(task.shape) + block_bytes(task)
    return -(-needed // STEP_BYTES) * STEP_BYTES


def block_bytes(task: PackTask) -> int:
    """The largest size of a block in bytes: rows of many epochs, and a state of every member."""
    epochs = min(EPOCHS_PER_BLOCK, max(member.epochs for member in task.members))
    rows = epochs * 8 * (len(MEASURED) + 2)
    state = NETWORKS_PER_STATE * Layout(task.shape.network).row_length * np.dtype(task.shape.dtype).itemsize
    return len(task.trials) * (rows + state + EVIDENCE_BYTES)


def most_waiting_blocks(task: PackTask, packs: int) -> int:
    """How many blocks of a pack may wait for the driver if `packs` are in training; at least one."""
    return max(1, min(MOST_WAITING_BLOCKS, WAITING_BYTES // (packs * block_bytes(task))))
