"""What the commands that train have in common: their options, and driving a sweep to its end with a live line."""

import os
import shlex
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from runner.amounts import counted
from runner.cli.tables import printable

if TYPE_CHECKING:
    from runner.cli.progress import LiveProgress
    from runner.driver import Stopping, SweepStoppedError, WrittenSweep
    from runner.engine.plain_processes import PlainProcesses
    from runner.store import Store

RUNNING = "Running it"
INTERRUPTED = 130
Engine = Annotated[
    str, typer.Option(help="Where to train: ray, local (in this process), or auto.", rich_help_panel=RUNNING)
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes; else one per core.", rich_help_panel=RUNNING, show_default=False),
]


def check_engine(engine: str) -> None:
    """Refuse an unknown engine before anything is written."""
    from runner.engine import require_engine

    require_engine(engine)


def finish(
    store: "Store",
    write: Callable[[], "WrittenSweep"],
    engine: str,
    workers: int | None,
    database: str | None,
    early: "PlainProcesses | None" = None,
) -> None:
    """Write a sweep, drive it to its end, print the leaderboard, exit with 1 where trials failed.

    Ctrl-C waits until it is written, so that it can be told how to go on with it; `database` is what the command was
    given as `--db`.
    """
    from runner.driver import Stopping

    written = None
    with Stopping() as stopping:
        try:
            written = write()
            train(store, written, engine, workers, stopping, database, early)
        except KeyboardInterrupt:
            stopping.ignore_more()
            if written:
                # Before the first trial was claimed, or after the last one had ended.
                say_stopped(0, written.name, database)
            else:
                say_stopped_early(database)
            raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(1 if show(store, written) else 0)


def train(
    store: "Store",
    written: "WrittenSweep",
    engine: str,
    workers: int | None,
    stopping: "Stopping",
    database: str | None,
    early: "PlainProcesses | None",
) -> None:
    """Drive a sweep to its end with a live line."""
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, drive, expected_work

    try:
        with LiveProgress(expected_work(store, written)) as progress:
            drive(
                store,
                written,
                engine=engine,
                workers=workers,
                observe=progress,
                tell=progress.say,
                leave=partial(leave_at_once, progress, database),
                stopping=stopping,
                early=early,
            )
    except SweepStoppedError as stopped:
        say_stopped(stopped.released, stopped.sweep_name, database)
        raise typer.Exit(INTERRUPTED) from None


def show(store: "Store", written: "WrittenSweep") -> int:
    """Print the leaderboard of a sweep; returns how many trials failed."""
    from runner.cli.diagnosis_page import verdict_line
    from runner.cli.leaderboard import print_leaderboard

    failed = print_leaderboard(store, written)
    counts = store.verdict_counts(written.sweep_id)
    if counts:
        print(verdict_line(written.name, counts), file=sys.stderr)
    return failed


def leave_at_once(progress: "LiveProgress", database: str | None, stopped: "SweepStoppedError") -> None:
    """End this process without waiting for Ray to close: what it started ends with it."""
    # Gives the terminal its cursor back.
    progress.__exit__()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    say_stopped(stopped.released, stopped.sweep_name, database)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def say_stopped(released: int, sweep_name: str, database: str | None) -> None:
    """What was stopped, and how to go on."""
    print(f"stopped; {counted(released, 'trial')} in flight put back", file=sys.stderr)
    print(f"go on with: {command('resume', sweep_name, database=database)}", file=sys.stderr)


def say_stopped_early(database: str | None) -> None:
    """A second Ctrl-C came while the sweep was written: all of it is there, or nothing."""
    print(
        f"stopped while the sweep was written; whether it is there: {command('sweeps', database=database)}",
        file=sys.stderr,
    )


def command(*words: str, database: str | None) -> str:
    """A command on the same database; a password in its address is hidden already."""
    return printable(shlex.join(["fitgap", *words, *(("--db", database) if database else ())]))
