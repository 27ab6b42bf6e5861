"""The timing of training epochs, the same for fitgap and its peers."""

import time
from collections.abc import Callable

from benchmarks.digits import BATCH_SIZE

FEWEST_EPOCHS = 2


def microseconds_per_step(train_epoch: Callable[[], int], seconds: float) -> float:
    """The mean time in µs of a step of one network, measured for about `seconds` after an uncounted first epoch.

    `train_epoch` returns the number of examples it trained on, over all networks. A step counts as 32 examples, so that
    a peer gains nothing from leaving out the smaller last batch of an epoch.
    """
    train_epoch()
    examples = epochs = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds or epochs < FEWEST_EPOCHS:
        examples += train_epoch()
        epochs += 1
    return 1e6 * (time.perf_counter() - start) / (examples / BATCH_SIZE)
