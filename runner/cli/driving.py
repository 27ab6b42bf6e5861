"""What the commands that train have in common: their options, and driving a sweep to its end with a live line."""

import os
import signal
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, WrittenSweep
    from runner.engine import Cluster
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


Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="Train on the Ray cluster at this address; auto finds that of this machine or job.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]
CoresPerPack = Annotated[
    int | None,
    typer.Option(
        "--cpus-per-pack", min=1, help="With --address: cores a pack takes.", rich_help_panel=RUNNING, show_default="1"
    ),
]
MostInFlight = Annotated[
    int | None,
    typer.Option(
        "--max-in-flight",
        min=1,
        help="With --address: packs handed to Ray at the same time; else some more than there are workers.",
        rich_help_panel=RUNNING,
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Where:
    """Where a sweep is to be trained: the engine, at most how many workers, and the cluster if it is one."""

    engine: str
    workers: int | None
    cluster: "Cluster | None" = None


def where_to_train(
    engine: str, workers: int | None, address: str | None, cores_per_pack: int | None, most_in_flight: int | None
) -> Where:
    """Refuse an unknown engine and a cluster that cannot be used, before anything is written."""
    from runner.engine import ClusterSettings, find_cluster, require_engine
    from runner.errors import ClusterError

    require_engine(engine)
    if address is None:
        for flag, given in (("--cpus-per-pack", cores_per_pack), ("--max-in-flight", most_in_flight)):
            if given:
                raise ClusterError(f"{flag} {given} counts on a cluster only; add --address, or leave it out")
        return Where(engine, workers)
    if engine == "local":
        raise ClusterError(f"--engine local trains in this process, not at --address {address}; leave one of them out")
    return Where(engine, workers, find_cluster(ClusterSettings(address, cores_per_pack or 1, most_in_flight)))


def finish(store: "Store", written: "WrittenSweep", where: Where) -> None:
    """Drive a sweep to its end, print the leaderboard, exit with 1 where trials failed."""
    from runner.cli.diagnosis_page import verdict_line
    from runner.cli.leaderboard import print_leaderboard
    from runner.cli.progress import LiveProgress
    from runner.driver import SweepStoppedError, drive, expected_work

    try:
        with LiveProgress(expected_work(store, written)) as progress:
            leave = partial(leave_at_once, progress)
            drive(
                store,
                written,
                engine=where.engine,
                workers=where.workers,
                cluster=where.cluster,
                observe=progress,
                tell=progress.say,
                leave=leave,
            )
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
