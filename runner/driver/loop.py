"""The loop of a driver: claim, train, record, until every trial of the sweep has ended."""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from fitgap.runner.driver.heartbeat import Heartbeat
from fitgap.runner.driver.interrupts import InterruptHandler
from fitgap.runner.driver.pack_queue import Work
from fitgap.runner.driver.pending import expected_work
from fitgap.runner.driver.sweeps import WrittenSweep, present_name
from fitgap.runner.engine import Cluster, Engine, Teller, ignore, make_engine
from fitgap.runner.engine.processes.pool import PlainProcesses
from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import DriverIdentity, OtherDriver, Store
from fitgap.runner.system.environment import describe_environment, machine_identity, process_started

Observer = Callable[[Block], None]
# How often a driver with nothing to do looks whether the others have left something.
WAITING_SECONDS = 0.5


# Not frozen: whoever passes an error on, such as contextlib, writes its traceback into it.
@dataclass(eq=False)
class SweepStoppedError(Exception):
    """The sweep was stopped by the user; `released` trials wait to go on."""

    sweep_name: str
    released: int


def drive(
    store: Store,
    written: WrittenSweep,
    *,
    engine: str,
    workers: int | None,
    observe: Observer,
    tell: Teller = ignore,
    interrupts: InterruptHandler | None = None,
    early: PlainProcesses | None = None,
    cluster: Cluster | None = None,
    meet: Callable[[Engine], None] = ignore,
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
            make_engine(engine, written.prepared.dataset, workers, total, tell, early, cluster) as running,
        ):
            meet(running)
            work = Work(store, session, written, running.workers, cluster.cache_bytes if cluster else None)
            with nullcontext(interrupts) if interrupts else InterruptHandler() as entered:
                entered.call(lambda: stop(work, running))
                if is_stopped(work, running, entered, observe, tell):
                    raise SweepStoppedError(present_name(store, written), session.release())
            work.fit.refresh()
            store.require_in_place()
    finally:
        session.end()


def is_stopped(work: Work, running: Engine, interrupts: InterruptHandler, observe: Observer, tell: Teller) -> bool:
    """Train everything; whether Ctrl-C has stopped it."""
    try:
        train_everything(work, running, observe, tell)
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


def stop(work: Work, running: Engine) -> None:
    """Give out no more work, and let the packs in flight save how far they are."""
    work.is_stopped = True
    running.stop()


def train_everything(work: Work, running: Engine, observe: Observer, tell: Teller) -> None:
    """Train what waits until nothing waits and nobody trains."""
    while not work.is_stopped:
        # Asked before looking for what waits: where one of them dies in between, its trials are found waiting.
        others = work.session.others_at_work(work.written.sweep_id)
        if work.plan():
            train_planned(work, running, observe)
        elif others:
            tell(f"waiting for trials of {described(others)}")
            time.sleep(WAITING_SECONDS)
        else:
            return


def train_planned(work: Work, running: Engine, observe: Observer) -> None:
    """Train what is planned, and what is lost on the way once more."""
    for block in running.run(work):
        given_up = record(block, work, observe)
        if given_up:
            record(Block(None, given_up), work, observe)
        if work.is_cancelled:
            stop(work, running)
        work.fit.refresh_when_due()


def record(block: Block, work: Work, observe: Observer) -> tuple[TrialEnd, ...]:
    """Write a block and tell of it; returns the ends of trials that are given up because of it."""
    refused = work.session.record(block) if block.is_to_be_stored else set()
    observe(block.only(block.trials - refused) if refused else block)
    return work.take_in(block, refused)


def described(others: Iterable[OtherDriver]) -> str:
    """Such as `driver 3 (process 4711)`."""
    return ", ".join(f"driver {other.driver_id} (process {other.process})" for other in others)
