"""Launch of a sweep: writing it and training it to its end, for the commands and the Python interface."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from fitgap.runner.driver.driver_count import with_driver_count
from fitgap.runner.driver.further_drivers import FurtherDrivers, setups_of
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.loop import BlockObserver, SweepStoppedError, drive
from fitgap.runner.driver.messages import DriverShare
from fitgap.runner.driver.pending_trials import expected_work
from fitgap.runner.driver.spending import Spending
from fitgap.runner.driver.written_sweep import WrittenSweep, present_name, write_sweep
from fitgap.runner.engine import Engine
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.placement import Placement
from fitgap.runner.messages import Block
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Budget, check_budget_of_pruning
from fitgap.runner.store import Store, open_store, open_store_for_writing

Result = TypeVar("Result", covariant=True)


class Watcher(Protocol):
    """Follows the training of a sweep, such as a progress line."""

    def __call__(self, block: Block) -> None:
        """Called when a block of epochs has been stored."""

    def say(self, line: str) -> None:
        """Show a message to the user, such as that an engine could not be started."""

    def on_engine_ready(self, engine: Engine) -> None:
        """Called when the engine exists; it may still be starting."""

    def on_further(self, share: DriverShare) -> None:
        """Called about once a second with what a further driver of the same command has trained."""


class Audience(Protocol[Result]):
    """The caller of a launch: it follows the training and produces the result."""

    def watch(self, store: Store, written: WrittenSweep) -> AbstractContextManager[Watcher]:
        """A context entered once the sweep is written and left when it is trained; training errors pass through it."""

    def conclude(self, store: Store, written: WrittenSweep, spent: str | None) -> Result:
        """Return the result, once every trial has ended or the budget is spent.

        `spent` is the limit that was reached, such as `60 trials`, if any.
        """

    def stopped(self, stop: SweepStoppedError) -> Result:
        """Called after an interrupt, with further ones ignored: tell users how to resume; return a result or raise."""


def launch_new(
    prepared: PreparedSweep,
    placement: Placement,
    database: str | None,
    audience: Audience[Result],
    early: ProcessPool | None = None,
    limits: Budget | None = None,
) -> Result:
    """Write a sweep and train it. `limits` override those of its budget; if None, the budget does not apply.

    `early` holds local processes that were started in advance.
    """
    # Choose the configurations first, so that nothing is created if there are too few.
    iter(prepared.configurations)
    budget = budget_of(prepared, limits)
    placement = with_driver_count(placement, database, prepared.trial_count, budget)
    with open_store_for_writing(database) as store:
        return launch(store, lambda: write_sweep(store, prepared), placement, database, audience, early, limits)


def launch_stored(
    sweep: str | int,
    change: Callable[[Store], WrittenSweep],
    placement: Placement,
    database: str | None,
    audience: Audience[Result],
    limits: Budget | None = None,
) -> Result:
    """Train the pending trials of a stored sweep, after `change` has added trials or reset some to pending.

    `limits` override those of the sweep's budget; if None, the budget does not apply.
    Raises StoreError if there is no such sweep; then nothing is created or changed.
    """
    with stored_sweep_opened(database, sweep) as store:
        return launch(store, lambda: change(store), placement, database, audience, limits=limits)


@contextmanager
def stored_sweep_opened(database: str | None, sweep: str | int) -> Iterator[Store]:
    """The store, opened for writing only after a read-only check that it contains the sweep."""
    with open_store(database) as reading:
        reading.sweep(sweep)
    with open_store_for_writing(database) as store:
        yield store


def launch(
    store: Store,
    write: Callable[[], WrittenSweep],
    placement: Placement,
    database: str | None,
    audience: Audience[Result],
    early: ProcessPool | None = None,
    limits: Budget | None = None,
) -> Result:
    """Write a sweep and train it to its end, until its budget is spent, or until an interrupt.

    An interrupt that arrives while the sweep is written takes effect afterwards, so that the audience can say how to
    resume it.
    """
    written = stop = None
    further = FurtherDrivers()
    with InterruptHandler() as interrupts:
        try:
            written = write()
            budget = budget_of(written.prepared, limits)
            spending = Spending(budget)
            pending = expected_work(store, written).trials if placement.drivers is None else 0
            placement = with_driver_count(placement, database, pending, budget)
            share = placement.share(0)
            with audience.watch(store, written) as watcher:
                further = FurtherDrivers(
                    setups_of(written.sweep_id, database, placement), watcher.on_further, watcher.say
                )
                with further:
                    drive(
                        store,
                        written,
                        engine=share.engine,
                        workers=share.workers,
                        cluster=share.cluster,
                        on_block=following(further, watcher),
                        notify=watcher.say,
                        on_engine_ready=watcher.on_engine_ready,
                        interrupts=interrupts,
                        early=early,
                        spending=spending,
                        further=further,
                    )
        except SweepStoppedError as stopped:
            stop = SweepStoppedError(stopped.sweep_name, stopped.released + further.released)
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


def budget_of(prepared: PreparedSweep, limits: Budget | None) -> Budget:
    """The budget of a command: that of the sweep, overridden by the command's limits; none for other commands.

    Raises SpecError if the sweep cannot be trained within such a budget.
    """
    budget = Budget() if limits is None else prepared.sweep.budget.overridden_by(limits)
    check_budget_of_pruning(prepared.sweep, budget)
    return budget


def following(further: FurtherDrivers, watcher: Watcher) -> BlockObserver:
    """A block observer that also polls the further drivers."""

    def on_block(block: Block) -> None:
        further.poll()
        watcher(block)

    return on_block
