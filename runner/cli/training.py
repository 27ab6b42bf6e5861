"""What the commands that train have in common: their options, and driving a sweep to its end with a live line."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.lines import printable, report

if TYPE_CHECKING:
    from fitgap.runner.driver import InterruptHandler, WrittenSweep
    from fitgap.runner.engine import Cluster
    from fitgap.runner.engine.processes.pool import ProcessPool
    from fitgap.runner.store import Store

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
MixedVersions = Annotated[
    bool,
    typer.Option(
        "--mixed-versions",
        help="With --address: nodes may have another Python or NumPy than this machine.",
        rich_help_panel=RUNNING,
    ),
]


@dataclass(frozen=True)
class Placement:
    """Where a sweep is to be trained: the engine, at most how many workers, and the cluster if it is one; `early` are
    processes that were started for it already.
    """

    engine: str
    workers: int | None
    cluster: "Cluster | None" = None
    early: "ProcessPool | None" = None


def placement_of(
    engine: str,
    workers: int | None,
    address: str | None,
    cores_per_pack: int | None,
    most_in_flight: int | None,
    mixed_versions: bool,
) -> Placement:
    """Refuse an unknown engine and a cluster that cannot be used, before anything is written."""
    from fitgap.runner.engine import ClusterSettings, find_cluster, require_engine
    from fitgap.runner.errors import ClusterError

    require_engine(engine)
    if address is None:
        refuse_without_address(cores_per_pack, most_in_flight, mixed_versions)
        return Placement(engine, workers)
    if engine == "local":
        raise ClusterError(f"--engine local trains in this process, not at --address {address}; leave one of them out")
    settings = ClusterSettings(address, cores_per_pack or 1, most_in_flight, mixed_versions)
    return Placement("ray", workers, find_cluster(settings))


def refuse_without_address(cores_per_pack: int | None, most_in_flight: int | None, mixed_versions: bool) -> None:
    """Refuse what counts on a cluster only."""
    from fitgap.runner.errors import ClusterError

    flags = {"--cpus-per-pack": cores_per_pack, "--max-in-flight": most_in_flight, "--mixed-versions": mixed_versions}
    for flag, given in flags.items():
        if given:
            raise ClusterError(f"{flag} counts on a cluster only; add --address, or leave it out")


def finish(store: "Store", write: Callable[[], "WrittenSweep"], where: Placement, database: str | None) -> None:
    """Write a sweep, drive it to its end, print the leaderboard, exit with 1 where trials failed.

    Ctrl-C waits until it is written, so that it can be told how to go on with it; `database` is what the command was
    given as `--db`.
    """
    from fitgap.runner.cli.outcome import code_after_training, told_how_to_continue
    from fitgap.runner.driver import InterruptHandler, present_name

    written = None
    with InterruptHandler() as interrupts:
        try:
            written = write()
            with told_how_to_continue(store, written, database):
                train(store, written, where, interrupts, database)
        except KeyboardInterrupt:
            interrupts.ignore_more()
            if written:
                # Before the first trial was claimed, or after the last one had ended.
                say_stopped(0, present_name(store, written), database)
            else:
                say_stopped_early(database)
            raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(code_after_training(store, written, database))


def train(
    store: "Store", written: "WrittenSweep", where: Placement, interrupts: "InterruptHandler", database: str | None
) -> None:
    """Drive a sweep to its end with a live line."""
    from fitgap.runner.cli.render.progress import LiveProgress
    from fitgap.runner.driver import SweepStoppedError, drive, expected_work, present_name
    from fitgap.runner.errors import ClusterLostError

    try:
        with LiveProgress(expected_work(store, written)) as progress:
            drive(
                store,
                written,
                engine=where.engine,
                workers=where.workers,
                cluster=where.cluster,
                on_block=progress,
                notify=progress.say,
                on_engine_ready=progress.on_engine_ready,
                interrupts=interrupts,
                early=where.early,
            )
    except ClusterLostError as lost:
        going_on = command("resume", present_name(store, written), database=database)
        report(f"fitgap: {lost}; what it trained was put back, go on with: {going_on}")
        raise typer.Exit(lost.exit_code) from None
    except SweepStoppedError as stopped:
        say_stopped(stopped.released, stopped.sweep_name, database)
        raise typer.Exit(INTERRUPTED) from None


def say_stopped(released: int, sweep_name: str, database: str | None) -> None:
    """What was stopped, and how to go on."""
    report(f"stopped; {counted(released, 'trial')} in flight put back")
    report(f"go on with: {command('resume', sweep_name, database=database)}")


def say_stopped_early(database: str | None) -> None:
    """A second Ctrl-C came while the sweep was written: all of it is there, or nothing."""
    report(f"stopped while the sweep was written; whether it is there: {command('sweeps', database=database)}")


def command(*words: str, database: str | None) -> str:
    """A command on the same database; a password in its address is hidden already."""
    return printable(shlex.join(["fitgap", *words, *(("--db", database) if database else ())]))
