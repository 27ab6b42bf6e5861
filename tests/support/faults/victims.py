"""The main function of a process that is disturbed: the real driver, the real store and the engine in one process."""

import itertools
import json
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from fitgap.runner.driver import SweepStoppedError, drive, heartbeat, loop, stored_sweep, write_sweep
from fitgap.runner.engine import in_process
from fitgap.runner.engine.worker import block_builder
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.errors import DriverFencedError, StoreError
from fitgap.runner.messages import MEASURED, Block, PackFailure
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.write import claims

from support.faults.evidence import exact
from support.faults.kill_points import KillPoints
from support.faults.sweeps import TINY

FENCED, STOPPED, BROKEN = 3, 130, 4
SECONDS_PER_DAY, DAYS_BEFORE_1970 = 86400.0, 2440587.5


@dataclass(frozen=True)
class Victim:
    """How a process drives the only sweep of a database, and how it is disturbed.

    It is killed when it passes the point `kill_at` (name, n) for the n-th time. It is interrupted as by Ctrl-C after
    `stop_after` blocks, and stalls after `stall_after` blocks. It pauses for `pause` seconds after each block. With
    `loses_packs`, every pack is lost after its second block, unless it has only one trial. After one second, SQLite
    alone sees a clock that has jumped by `clock_jump` seconds.
    """

    address: str
    folder: Path
    kill_at: tuple[str, int] | None = None
    sweep: str = TINY
    machine: str | None = None
    lease: float = 30.0
    beat: float = 0.02
    confirm: float = 0.04
    stop_after: int | None = None
    loses_packs: bool = False
    stall_after: int | None = None
    pause: float = 0.0
    clock_jump: float = 0.0

    @property
    def acknowledged(self):
        """The epochs that the process has shown to its observer: their numbers, by trial and epoch."""
        path = self.folder / "acknowledged"
        lines = path.read_text().splitlines() if path.exists() else []
        return {(trial, epoch): numbers for trial, epoch, numbers in map(json.loads, lines)}

    @property
    def points(self):
        """How often the process passed each kill point. Written only if it was not killed."""
        return json.loads((self.folder / "points").read_text())

    @property
    def complaint(self):
        """The traceback of an unexpected exception in the process."""
        path = self.folder / "complaint"
        return path.read_text() if path.exists() else ""


def run(victim):
    """Main function of the process."""
    points = KillPoints(victim.kill_at)
    settle(victim)
    points.watch()
    try:
        train(victim)
        code = 0
    except SweepStoppedError:
        code = STOPPED
    except DriverFencedError:
        code = FENCED
    except BaseException:
        (victim.folder / "complaint").write_text(traceback.format_exc())
        code = BROKEN
    (victim.folder / "points").write_text(json.dumps(points.passed))
    sys.exit(code)


def run_when_all_are_ready(victim, start):
    start.wait()
    run(victim)


def settle(victim):
    """Use small packs, a block and a saved state after every epoch, and the victim's own timing."""
    packs.LARGEST_PACK = 4
    block_builder.BLOCK_SECONDS = block_builder.STATE_SECONDS = 0.0
    claims.LEASE_SECONDS = victim.lease
    loop.WAITING_SECONDS = 0.02
    heartbeat.BEAT_SECONDS, heartbeat.CONFIRM_SECONDS = victim.beat, victim.confirm
    heartbeat.beat = beat_unless_stalling
    if victim.clock_jump:
        sa.event.listen(sa.engine.Engine, "connect", partial(let_clock_jump, time.monotonic(), victim.clock_jump))
    if victim.loses_packs:
        in_process.train_pack = train_or_lose
    if victim.machine:
        loop.machine_identity = heartbeat.machine_identity = lambda: victim.machine


def let_clock_jump(began, seconds, connection, record):
    """From one second after the start, let SQLite see a clock that has jumped."""

    def julianday(moment):
        jump = seconds if time.monotonic() - began > 1.0 else 0.0
        return (time.time() + jump) / SECONDS_PER_DAY + DAYS_BEFORE_1970

    connection.create_function("julianday", 1, julianday)


def train_or_lose(task, dataset, should_stop):
    """Train a pack like a worker that dies with its third block, unless the pack has only one trial."""
    blocks = train_pack(task, dataset, should_stop)
    if len(task.trials) == 1:
        yield from blocks
        return
    yield from itertools.islice(blocks, 2)
    yield Block(None, (), failure=PackFailure(task, task.trials, "its worker died"))


def train(victim):
    with open_store_for_writing(victim.address) as store:
        written = written_sweep(store, victim.sweep)
        drive(store, written, engine="local", workers=None, on_block=Acknowledging(victim))


def write_ahead(victim):
    """Write the sweep before several processes start; otherwise each of them would write its own."""
    with open_store_for_writing(victim.address) as store:
        return written_sweep(store, victim.sweep).sweep_id


def written_sweep(store, text):
    """The sweep, written to the store if it is not there yet."""
    prepared = prepare_sweep(sweep_from_text(text))
    try:
        return stored_sweep(store, prepared.sweep.name)
    except StoreError:
        return write_sweep(store, prepared)


class Acknowledging:
    """Observes a sweep and records every epoch in a file, which outlives the process."""

    def __init__(self, victim):
        self.victim = victim
        self.file = os.open(victim.folder / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.blocks = 0

    def __call__(self, block):
        self.blocks += 1
        self.note(block)
        time.sleep(self.victim.pause)
        if self.blocks == self.victim.stop_after:
            raise KeyboardInterrupt
        if self.blocks == self.victim.stall_after:
            stall()

    def note(self, block):
        if block.rows is not None:
            rows = block.rows
            pairs = zip(rows.trial_id.tolist(), rows.epoch.tolist(), strict=True)
            columns = zip(*(getattr(rows, name).tolist() for name in MEASURED), strict=True)
            lines = [json.dumps([*pair, exact(map(stored, row))]) for pair, row in zip(pairs, columns, strict=True)]
            os.write(self.file, "".join(f"{line}\n" for line in lines).encode())


HEART = threading.Lock()


def stall():
    """Stop this process with SIGSTOP, but not in the middle of a transaction of its heartbeat."""
    with HEART:
        os.kill(os.getpid(), signal.SIGSTOP)


def beat_unless_stalling(session, watch, beat=heartbeat.beat):
    with HEART:
        beat(session, watch)


def stored(number):
    """A number as databases store it: None if it is not finite, and 0.0 for -0.0."""
    return number + 0.0 if abs(number) < float("inf") else None
