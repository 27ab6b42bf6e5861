"""The loop of a driver: claim, train, record, until every trial of the sweep has ended."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from fitgap.runner.driver.further_drivers import FurtherDrivers
from fitgap.runner.driver.heartbeat import Heartbeat
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.pack_queue import PackQueue
from fitgap.runner.driver.pending_trials import expected_work
from fitgap.runner.driver.rungs import legs_to_come
from fitgap.runner.driver.spending import Spending
from fitgap.runner.driver.written_sweep import WrittenSweep, present_name
from fitgap.runner.engine import Cluster, Engine, Notify, ignore, make_engine
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import DriverIdentity, OtherDriver, Store
from fitgap.runner.system.machine_record import describe_environment, machine_identity, process_started

BlockObserver = Callable[[Block], None]
# How often a driver with nothing to do checks whether other drivers have left trials behind.
WAITING_SECONDS = 0.5
NOTHING = Block(None, ())


# Not frozen, since code that re-raises an error, such as contextlib, sets its traceback.
@dataclass(eq=False)
class SweepStoppedError(Exception):
    """The user stopped the sweep; `released` of its trials are pending again.

    `sweep_name` is None if it was stopped while being written; then either all of it is stored or nothing.
    """

    sweep_name: str | None
    released: int


def drive(
    store: Store,
    written: WrittenSweep,
    *,
    engine: str,
    workers: int | None,
    on_block: BlockObserver,
    notify: Notify = ignore,
    interrupts: InterruptHandler | None = None,
    early: ProcessPool | None = None,
    cluster: Cluster | None = None,
    on_engine_ready: Callable[[Engine], None] = ignore,
    spending: Spending | None = None,
    further: FurtherDrivers | None = None,
) -> None:
    """Train all pending trials of a sweep and record every epoch; wait for trials that other drivers train.

    With a limited budget in `spending`, training may end earlier, with trials in flight reset to pending.

    Raises SweepStoppedError after Ctrl-C, with the trials in flight reset to pending, and DriverFencedError if another
    driver has taken over from this one. If `interrupts` is given, it must have been entered, and a Ctrl-C before this
    call counts. `early` holds the processes of `early_processes`; `on_engine_ready` is called with the engine once it
    exists. The drivers in `further`, which have been started, end with this one.
    """
    further = further or FurtherDrivers()
    total = expected_work(store, written).total * growth(store, written)
    session = store.begin_driver(this_process(cluster))
    try:
        with (
            Heartbeat(session),
            make_engine(engine, written.prepared.dataset, workers, total, notify, early, cluster) as running,
        ):
            on_engine_ready(running)
            cache = cluster.cache_bytes if cluster else None
            queue = PackQueue(store, session, written, running.workers, cache, spending)
            with nullcontext(interrupts) if interrupts else InterruptHandler() as entered:
                entered.call(lambda: stop(queue, running, further))
                is_stopped = train_until_stopped(queue, running, entered, on_block, notify, further)
                further.stop()
                if is_stopped:
                    raise SweepStoppedError(present_name(store, written), session.release())
            queue.fit.refresh()
            store.require_in_place()
    finally:
        session.end()


def growth(store: Store, written: WrittenSweep) -> float:
    """The factor by which a search that learns or a sweep with rungs will grow, so that the engine suits all of it."""
    sweep = written.prepared.sweep
    legs = 1.0 + legs_to_come(written)
    return legs * (1 + store.proposals_to_come(written.sweep_id) / sweep.generation_sizes.first if sweep.search else 1)


def train_until_stopped(
    queue: PackQueue,
    running: Engine,
    interrupts: InterruptHandler,
    on_block: BlockObserver,
    notify: Notify,
    further: FurtherDrivers,
) -> bool:
    """Train everything; returns whether Ctrl-C stopped it."""
    try:
        train_everything(queue, running, on_block, notify, further)
    except KeyboardInterrupt:
        interrupts.ignore_more()
        return True
    interrupts.ignore_more()
    return interrupts.is_requested


def this_process(cluster: Cluster | None = None) -> DriverIdentity:
    """The identity of this process for other drivers, and the environment in which it trains, to be stored."""
    number = os.getpid()
    environment = describe_environment() | ({"nodes": cluster.described()} if cluster else {})
    return DriverIdentity(machine_identity(), number, str(process_started(number)), environment)


def stop(queue: PackQueue, running: Engine, further: FurtherDrivers | None = None) -> None:
    """Hand out no more work, and let the packs in flight save their states."""
    queue.is_stopped = True
    running.stop()
    if further:
        further.stop()


def train_everything(
    queue: PackQueue, running: Engine, on_block: BlockObserver, notify: Notify, further: FurtherDrivers
) -> None:
    """Train pending trials until none are pending and no other driver trains."""
    while not queue.is_stopped and not queue.spending.reason:
        # Query the other drivers first: if one dies in between, its trials are then found pending.
        others = queue.session.other_drivers_at_work(queue.written.sweep_id)
        queue.extend()
        if queue.plan():
            train_planned(queue, running, on_block)
        elif others:
            if strangers := [each for each in others if each.process not in further.processes]:
                notify(f"waiting for trials of {described(strangers)}")
            if further.processes:
                # The observer also polls the further drivers.
                on_block(NOTHING)
            time.sleep(WAITING_SECONDS)
        else:
            return


def train_planned(queue: PackQueue, running: Engine, on_block: BlockObserver) -> None:
    """Train the planned packs, and retry lost ones."""
    for block in running.run(queue):
        given_up = record(block, queue, on_block)
        if given_up:
            record(Block(None, given_up), queue, on_block)
        queue.spending.add(block)
        if queue.is_cancelled or queue.spending.is_to_stop:
            stop(queue, running)
        queue.fit.refresh_when_due()


def record(block: Block, queue: PackQueue, on_block: BlockObserver) -> tuple[TrialEnd, ...]:
    """Store a block and pass it to `on_block`; returns the ends of trials that are given up because of it."""
    refused = queue.session.record(block) if block.is_to_be_stored else set()
    on_block(block.subset(block.trials - refused) if refused else block)
    return queue.update(block, refused)


def described(others: Iterable[OtherDriver]) -> str:
    """The drivers in words, such as `driver 3 (process 4711)`."""
    return ", ".join(f"driver {other.driver_id} (process {other.process})" for other in others)
