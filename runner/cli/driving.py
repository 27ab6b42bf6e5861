"""What the commands that train have in common: their options, and driving a sweep to its end with a live line."""

import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, WrittenSweep
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
    written: "WrittenSweep",
    engine: str,
    workers: int | None,
    early: "PlainProcesses | None" = None,
) -> None:
    """Drive a sweep to its end, print the leaderboard, exit with 1 where trials failed."""
    from runner.cli.diagnosis_page import verdict_line
    from runner.cli.leaderboard import print_leaderboard
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, drive, expected_work

    try:
        with LiveProgress(expected_work(store, written)) as progress:
            leave = partial(leave_at_once, progress)
            observing = {"observe": progress, "tell": progress.say, "leave": leave}
            drive(store, written, engine=engine, workers=workers, early=early, **observing)
    except SweepStoppedError as stopped:
        say_stopped(stopped)
        raise typer.Exit(INTERRUPTED) from None
    except KeyboardInterrupt:
        # Before the first trial was claimed, or after the last one had ended.
        say_stopped(SweepStoppedError(written.name, released=0))
        raise typer.Exit(INTERRUPTED) from None
    failed = print_leaderboard(store, written)
    counts = store.verdict_counts(written.sweep_id)
    if counts:
        print(verdict_line(written.name, counts), file=sys.stderr)
    raise typer.Exit(1 if failed else 0)


def leave_at_once(progress: "LiveProgress", stopped: "SweepStoppedError") -> None:
    """End this process without waiting for Ray to close: what it started ends with it."""
    # Gives the terminal its cursor back.
    progress.__exit__()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    say_stopped(stopped)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def say_stopped(stopped: "SweepStoppedError") -> None:
    """What was stopped, and how to go on."""
    print(f"stopped; {stopped.released} trials in flight were put back", file=sys.stderr)
    print(f"go on with: fitgap resume {stopped.sweep_name}", file=sys.stderr)
