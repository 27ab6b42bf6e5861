"""Times epochs of training, in the one way that fitgap and its peers are timed."""

import time
from collections.abc import Callable

from benchmarks.digits import BATCH_SIZE

FEWEST_EPOCHS = 2


def microseconds_per_step(train_epoch: Callable[[], int], seconds: float) -> float:
    """The mean time of a step of one network, from about `seconds` of epochs after a first one that is not counted.

    `train_epoch` returns how many examples it trained on, over all networks; a step is 32 of them, so that a peer that
    leaves out the smaller last batch of an epoch gains nothing by that.
    """
    train_epoch()
    examples = epochs = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or epochs < FEWEST_EPOCHS:
        examples += train_epoch()
        epochs += 1
    return 1e6 * (time.perf_counter() - start) / (examples / BATCH_SIZE)
