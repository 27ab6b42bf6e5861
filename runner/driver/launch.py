"""Training of a sweep from its first row to its end, used by the commands and the Python interface."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.loop import SweepStoppedError, drive
from fitgap.runner.driver.spending import Spending
from fitgap.runner.driver.written_sweep import WrittenSweep, present_name, write_sweep
from fitgap.runner.engine import Engine
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.placement import Placement
from fitgap.runner.messages import Block
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Budget
from fitgap.runner.store import Store, open_store, open_store_for_writing

Result = TypeVar("Result", covariant=True)


class Watcher(Protocol):
    """Follows a sweep while it trains, such as a progress line."""

    def __call__(self, block: Block) -> None:
        """Called when a block of epochs has been stored."""

    def say(self, line: str) -> None:
        """Show a line for people, such as that an engine could not be started."""

    def on_engine_ready(self, engine: Engine) -> None:
        """Called when the engine exists; it may still be starting."""


class Audience(Protocol[Result]):
    """The caller that has a sweep trained: it follows the training and produces the result."""

    def watch(self, store: Store, written: WrittenSweep) -> AbstractContextManager[Watcher]:
        """A context entered once the sweep is written and left when it is trained; training errors pass through it."""

    def conclude(self, store: Store, written: WrittenSweep, spent: str | None) -> Result:
        """Return the result, once every trial has ended or the budget is spent: `spent` is then such as `60 trials`."""

    def stopped(self, stop: SweepStoppedError) -> Result:
        """Called after an interrupt, while further ones are ignored: say how to resume; return a result or raise."""


def launch_new(
    prepared: PreparedSweep,
    placement: Placement,
    database: str | None,
    audience: Audience[Result],
    early: ProcessPool | None = None,
    limits: Budget | None = None,
) -> Result:
    """Write a sweep and train it; with `limits` within its budget, in which they override those of the sweep.

    `early` holds local processes that were started for it before.
    """
    # Chooses the configurations, so that nothing is created if there are too few.
    iter(prepared.configurations)
    with open_store_for_writing(database) as store:
        return launch(store, lambda: write_sweep(store, prepared), placement, audience, early, limits)


def launch_stored(
    sweep: str | int,
    change: Callable[[Store], WrittenSweep],
    placement: Placement,
    database: str | None,
    audience: Audience[Result],
    limits: Budget | None = None,
) -> Result:
    """Train the pending trials of a stored sweep, after `change` has added trials or put some back.

    With `limits` it is trained within its budget, in which they override those of the sweep.
    Raises StoreError if there is no such sweep; then nothing is created or changed.
    """
    with stored_sweep_opened(database, sweep) as store:
        return launch(store, lambda: change(store), placement, audience, limits=limits)


@contextmanager
def stored_sweep_opened(database: str | None, sweep: str | int) -> Iterator[Store]:
    """The store open for writing, once reading has shown that it contains the sweep."""
    with open_store(database) as reading:
        reading.sweep(sweep)
    with open_store_for_writing(database) as store:
        yield store


def launch(
    store: Store,
    write: Callable[[], WrittenSweep],
    placement: Placement,
    audience: Audience[Result],
    early: ProcessPool | None = None,
    limits: Budget | None = None,
) -> Result:
    """Write a sweep and train it to its end, until its budget is spent, or until an interrupt.

    An interrupt that arrives while the sweep is written takes effect afterwards, so that the audience can say how to
    resume it.
    """
    written = stop = None
    with InterruptHandler() as interrupts:
        try:
            written = write()
            budget = Budget() if limits is None else written.prepared.sweep.budget.overridden_by(limits)
            spending = Spending(budget)
            with audience.watch(store, written) as watcher:
                drive(
                    store,
                    written,
                    engine=placement.engine,
                    workers=placement.workers,
                    cluster=placement.cluster,
                    on_block=watcher,
                    notify=watcher.say,
                    on_engine_ready=watcher.on_engine_ready,
                    interrupts=interrupts,
                    early=early,
                    spending=spending,
                )
        except SweepStoppedError as stopped:
            stop = stopped
        except KeyboardInterrupt:
            interrupts.ignore_more()
            # The interrupt came before the first claim or after the last trial, or it was the second one while writing.
            stop = SweepStoppedError(present_name(store, written) if written else None, released=0)
        if stop:
            # Within the handler: impatient users press Ctrl-C again while this is reported.
            interrupts.ignore_more()
            return audience.stopped(stop)
    assert written is not None
    return audience.conclude(store, written, spending.reason)
