"""How much memory a pack takes, and how large its blocks can be."""

import numpy as np
from fitgap.core.layers import Layout
from fitgap.core.members import PackShape
from fitgap.runner.messages import MEASURED, PackTask

# A worker's process before it trains: Python, NumPy, Ray.
PROCESS_BYTES = 160 << 20
# What is asked of Ray comes in such steps, so that packs of about one size can follow each other in one worker.
STEP_BYTES = 64 << 20
# A block holds the epochs of half a second; so many at most, as a rule.
EPOCHS_PER_BLOCK = 256
# Errors of a bounded sample of examples, with what else comes at the end of a trial.
EVIDENCE_BYTES = 8 << 10
# A state holds the parameters, at most two slots, and maybe the best network.
NETWORKS_PER_STATE = 4
# All blocks that wait for the driver, of all packs.
WAITING_BYTES = 64 << 20
MOST_WAITING_BLOCKS = 100


def member_bytes(shape: PackShape) -> int:
    """What a member needs while it trains: parameters, gradient, two slots and scratch; its batch in three forms."""
    numbers = 5 * Layout(shape.layers).row_length + 3 * shape.batch_size * sum(shape.layers)
    return numbers * np.dtype(shape.dtype).itemsize


def pack_bytes(task: PackTask) -> int:
    """What a worker needs to train a pack, with what it holds for the next block; in whole steps."""
    needed = PROCESS_BYTES + len(task.trials) * member_bytes(task.shape) + block_bytes(task)
    return -(-needed // STEP_BYTES) * STEP_BYTES


def block_bytes(task: PackTask) -> int:
    """How large a block of a pack can be: rows of many epochs, and a state of every member."""
    epochs = min(EPOCHS_PER_BLOCK, max(member.epochs for member in task.members))
    rows = epochs * 8 * (len(MEASURED) + 2)
    state = NETWORKS_PER_STATE * Layout(task.shape.layers).row_length * np.dtype(task.shape.dtype).itemsize
    return len(task.trials) * (rows + state + EVIDENCE_BYTES)


def most_waiting_blocks(task: PackTask, packs: int) -> int:
    """How many blocks of a pack may wait for the driver, where so many packs are in training: at least one."""
    return max(1, min(MOST_WAITING_BLOCKS, WAITING_BYTES // (packs * block_bytes(task))))
