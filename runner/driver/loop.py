"""The loop of a driver: claim, train, record, until every trial of the sweep has ended."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from fitgap.runner.driver.heartbeat import Heartbeat
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.pack_queue import PackQueue
from fitgap.runner.driver.pending import expected_work
from fitgap.runner.driver.sweeps import WrittenSweep, present_name
from fitgap.runner.engine import Cluster, Engine, Notify, ignore, make_engine
from fitgap.runner.engine.processes.pool import ProcessPool
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import DriverIdentity, OtherDriver, Store
from fitgap.runner.system.environment import describe_environment, machine_identity, process_started

BlockObserver = Callable[[Block], None]
# How often a driver with nothing to do looks whether the others have left something.
WAITING_SECONDS = 0.5


# Not frozen: whoever passes an error on, such as contextlib, writes its traceback into it.
@dataclass(eq=False)
class SweepStoppedError(Exception):
    """The user stopped the sweep; `released` of its trials are pending again.

    `sweep_name` is None if it was stopped while it was written: then all of it is stored, or nothing.
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
) -> None:
    """Train all pending trials of a sweep and record every epoch; wait for trials that other drivers train.

    Raises SweepStoppedError after Ctrl-C, with the trials in flight put back to pending, and DriverFencedError where
    another driver has taken over from this one. If `interrupts` is given, it has been entered, and a Ctrl-C that came
    before counts. `early` are the processes of `early_processes`; `meet` is called with the engine as soon as there is
    one.
    """
    total = expected_work(store, written).total
    session = store.begin_driver(this_process(cluster))
    try:
        with (
            Heartbeat(session),
            make_engine(engine, written.prepared.dataset, workers, total, notify, early, cluster) as running,
        ):
            on_engine_ready(running)
            queue = PackQueue(store, session, written, running.workers, cluster.cache_bytes if cluster else None)
            with nullcontext(interrupts) if interrupts else InterruptHandler() as entered:
                entered.call(lambda: stop(queue, running))
                if is_stopped(queue, running, entered, on_block, notify):
                    raise SweepStoppedError(present_name(store, written), session.release())
            queue.fit.refresh()
            store.require_in_place()
    finally:
        session.end()


def is_stopped(
    queue: PackQueue, running: Engine, interrupts: InterruptHandler, on_block: BlockObserver, notify: Notify
) -> bool:
    """Train everything; whether Ctrl-C has stopped it."""
    try:
        train_everything(queue, running, on_block, notify)
    except KeyboardInterrupt:
        interrupts.ignore_more()
        return True
    interrupts.ignore_more()
    return interrupts.is_requested


def this_process(cluster: Cluster | None = None) -> DriverIdentity:
    """Which process this is, for other drivers, and what it computes with, for ever; where it does so on a cluster."""
    number = os.getpid()
    environment = describe_environment() | ({"nodes": cluster.described()} if cluster else {})
    return DriverIdentity(machine_identity(), number, str(process_started(number)), environment)


def stop(queue: PackQueue, running: Engine) -> None:
    """Give out no more work, and let the packs in flight save how far they are."""
    queue.is_stopped = True
    running.stop()


def train_everything(queue: PackQueue, running: Engine, on_block: BlockObserver, notify: Notify) -> None:
    """Train what waits until nothing waits and nobody trains."""
    while not queue.is_stopped:
        # Asked before looking for what waits: where one of them dies in between, its trials are found waiting.
        others = queue.session.other_drivers_at_work(queue.written.sweep_id)
        if queue.plan():
            train_planned(queue, running, on_block)
        elif others:
            notify(f"waiting for trials of {described(others)}")
            time.sleep(WAITING_SECONDS)
        else:
            return


def train_planned(queue: PackQueue, running: Engine, on_block: BlockObserver) -> None:
    """Train what is planned, and what is lost on the way once more."""
    for block in running.run(queue):
        given_up = record(block, queue, on_block)
        if given_up:
            record(Block(None, given_up), queue, on_block)
        if queue.is_cancelled:
            stop(queue, running)
        queue.fit.refresh_when_due()


def record(block: Block, queue: PackQueue, on_block: BlockObserver) -> tuple[TrialEnd, ...]:
    """Write a block and tell of it; returns the ends of trials that are given up because of it."""
    refused = queue.session.record(block) if block.is_to_be_stored else set()
    on_block(block.subset(block.trials - refused) if refused else block)
    return queue.take_in(block, refused)


def described(others: Iterable[OtherDriver]) -> str:
    """Such as `driver 3 (process 4711)`."""
    return ", ".join(f"driver {other.driver_id} (process {other.process})" for other in others)
