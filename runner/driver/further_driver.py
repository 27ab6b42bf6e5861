"""The process of a further driver: it joins a sweep as `fitgap resume` does, and reports to the first driver."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import numpy as np
from fitgap.runner.driver.launch import launch_stored
from fitgap.runner.driver.loop import SweepStoppedError
from fitgap.runner.driver.messages import DriverEnded, DriverSetup, DriverShare
from fitgap.runner.driver.written_sweep import WrittenSweep, stored_sweep
from fitgap.runner.engine import Engine
from fitgap.runner.errors import FitgapError
from fitgap.runner.messages import Block
from fitgap.runner.store import Store
from fitgap.runner.system.interrupt_signals import STOPPING_SIGNALS

SECONDS_BETWEEN_SHARES = 1.0


def serve(descriptor: str) -> None:
    """Run the process; the argument is the file descriptor of the connection to the first driver."""
    with Connection(int(descriptor)) as connection:
        setup: DriverSetup = connection.recv()
        # The first driver stops this process with SIGTERM.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING_SIGNALS)
        try:
            released = launch_stored(
                setup.sweep_id,
                lambda store: stored_sweep(store, str(setup.sweep_id)),
                setup.placement,
                setup.database,
                Reporter(connection),
            )
            connection.send(DriverEnded(released))
        except FitgapError as error:
            connection.send(DriverEnded(0, str(error)))


@dataclass
class Reporter:
    """Reports to the first driver, about once a second. Its result is the number of trials reset to pending."""

    connection: Connection
    share: DriverShare = field(default_factory=DriverShare)
    engine: Engine | None = None
    sent_at: float = 0.0

    @contextmanager
    def watch(self, store: Store, written: WrittenSweep) -> "Iterator[Reporter]":
        """Follow the training; at its end, send what has not been sent yet."""
        try:
            yield self
        finally:
            self._send()

    def __call__(self, block: Block) -> None:
        """Count a block."""
        epochs = 0 if block.trained is None else int(block.trained.count.sum())
        rows = 0 if block.rows is None else len(block.rows)
        errors = [end.best_e_v for end in block.ended]
        if block.rows is not None:
            errors += block.rows.e_v.tolist()
        best = min((each for each in errors if np.isfinite(each)), default=float("inf"))
        self.share = self.share.and_also(epochs, rows, best)
        if time.monotonic() - self.sent_at >= SECONDS_BETWEEN_SHARES:
            self._send()

    def say(self, line: str) -> None:
        """Do nothing: only the first driver shows messages to users."""

    def on_further(self, share: DriverShare) -> None:
        """Do nothing: a further driver does not start others."""

    def on_engine_ready(self, engine: Engine) -> None:
        self.engine = engine

    def conclude(self, store: Store, written: WrittenSweep, spent: str | None) -> int:
        return 0

    def stopped(self, stop: SweepStoppedError) -> int:
        return stop.released

    def _send(self) -> None:
        status = self.engine.cluster_status if self.engine else None
        self.connection.send(self.share.with_status(status))
        self.share, self.sent_at = DriverShare(), time.monotonic()
