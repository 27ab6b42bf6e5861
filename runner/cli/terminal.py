"""What a command that trains shows: a live line, then the leaderboard; after an interrupt, how to resume."""

import contextlib
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.lines import printable, report

if TYPE_CHECKING:
    from fitgap.runner.cli.render.progress import LiveProgress
    from fitgap.runner.driver import WrittenSweep
    from fitgap.runner.engine.placement import Placement
    from fitgap.runner.planning.preparation import PreparedSweep
    from fitgap.runner.store import Store

INTERRUPTED = 130


class Terminal:
    """The person at the command line, for whom a sweep is trained. `database` is what was given as `--db`."""

    def __init__(self, database: str | None):
        self.database = database

    @contextlib.contextmanager
    def watch(self, store: "Store", written: "WrittenSweep") -> "Iterator[LiveProgress]":
        """Show a live line; say how to resume if the engine or the system fails."""
        from fitgap.runner.cli.outcome import told_how_to_continue
        from fitgap.runner.cli.render.progress import LiveProgress
        from fitgap.runner.driver import expected_work, present_name
        from fitgap.runner.errors import ClusterLostError

        with told_how_to_continue(store, written, self.database):
            try:
                with LiveProgress(expected_work(store, written)) as progress:
                    yield progress
            except ClusterLostError as lost:
                again = command("resume", present_name(store, written), database=self.database)
                report(f"fitgap: {lost}; what it trained was put back, go on with: {again}")
                raise typer.Exit(lost.exit_code) from None

    def conclude(self, store: "Store", written: "WrittenSweep") -> int:
        """Print the leaderboard; returns the exit code."""
        from fitgap.runner.cli.outcome import code_after_training

        return code_after_training(store, written, self.database)


def train_new(prepared: "PreparedSweep", placement: "Placement", database: str | None) -> None:
    """Train a new sweep and exit. Worker processes load what they need while it is written."""
    from fitgap.runner.engine import early_processes
    from fitgap.runner.planning.packs import planned_work

    with early_processes(placement.engine, prepared.dataset, placement.workers, planned_work(prepared)) as early:
        from fitgap.runner.driver import launch_new

        exit_after(lambda: launch_new(prepared, placement, database, Terminal(database), early), database)


def train_stored(
    sweep: str, change: "Callable[[Store], WrittenSweep]", placement: "Placement", database: str | None
) -> None:
    """Train what is left of a stored sweep after a change, and exit."""
    from fitgap.runner.driver import launch_stored

    exit_after(lambda: launch_stored(sweep, change, placement, database, Terminal(database)), database)


def exit_after(train: Callable[[], int], database: str | None) -> None:
    """Exit with the code of a training, or with that of an interrupt after saying how to resume."""
    from fitgap.runner.driver import SweepStoppedError

    try:
        code = train()
    except SweepStoppedError as stopped:
        if stopped.sweep_name is None:
            say_stopped_early(database)
        else:
            say_stopped(stopped.released, stopped.sweep_name, database)
        code = INTERRUPTED
    raise typer.Exit(code)


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
