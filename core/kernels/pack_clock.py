"""The time that a pack has trained and will still train, from which the process decides what to compile."""

import time

from fitgap.core.kernels.selection import Kernels


class PackClock:
    """Measures the time spent on training, which is the time inside `with`."""

    def __init__(self, kernels: Kernels):
        self.kernels = kernels
        self.seconds, self.first_epoch = 0.0, -1

    def look_ahead(self, epochs_done: int, epochs: int) -> None:
        """Estimate how long the rest of the pack will take, from the epochs that this process has trained so far."""
        if self.first_epoch < 0:
            self.first_epoch = epochs_done
        done = epochs_done - self.first_epoch
        self.kernels.seconds_ahead = self.seconds / done * (epochs - epochs_done) if done else 0.0

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        seconds = time.perf_counter() - self.started
        self.seconds += seconds
        self.kernels.seconds_trained += seconds
