"""What the terminal shows of training: a progress line, then the leaderboard; after an interrupt, how to resume."""

import contextlib
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer
from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.lines import printable, report

if TYPE_CHECKING:
    from fitgap.runner.cli.render.progress import LiveProgress
    from fitgap.runner.driver import SweepStoppedError, WrittenSweep
    from fitgap.runner.engine.placement import Placement
    from fitgap.runner.planning.preparation import PreparedSweep
    from fitgap.runner.spec import Budget
    from fitgap.runner.store import Store

INTERRUPTED = 130


class Terminal:
    """Shows the training of a sweep on the command line. `database` is the value of `--db`."""

    def __init__(self, database: str | None):
        self.database = database

    @contextlib.contextmanager
    def watch(self, store: "Store", written: "WrittenSweep") -> "Iterator[LiveProgress]":
        """Show a progress line; say how to resume if the engine or the system fails."""
        from fitgap.runner.cli.outcome import with_resume_hint
        from fitgap.runner.cli.render.progress import LiveProgress
        from fitgap.runner.driver import expected_work, present_name
        from fitgap.runner.errors import ClusterLostError

        with with_resume_hint(store, written, self.database):
            try:
                with LiveProgress(expected_work(store, written)) as progress:
                    yield progress
            except ClusterLostError as lost:
                resume_command = command("resume", present_name(store, written), database=self.database)
                report(f"fitgap: {lost}; its trials are pending again, continue with: {resume_command}")
                raise typer.Exit(lost.exit_code) from None

    def conclude(self, store: "Store", written: "WrittenSweep", spent: str | None) -> int:
        """Print the leaderboard; returns the exit code."""
        from fitgap.runner.cli.outcome import code_after_training

        return code_after_training(store, written, self.database, spent)

    def stopped(self, stop: "SweepStoppedError") -> int:
        """Say how to resume; returns the exit code."""
        if stop.sweep_name is None:
            report_stopped_early(self.database)
        else:
            report_stopped(stop.released, stop.sweep_name, self.database)
        return INTERRUPTED


def train_new(
    prepared: "PreparedSweep",
    placement: "Placement",
    database: str | None,
    terminal: Terminal | None = None,
    limits: "Budget | None" = None,
) -> None:
    """Train a new sweep within its budget and exit. Worker processes load what they need while the sweep is written."""
    from fitgap.runner.engine import early_processes
    from fitgap.runner.planning.packs import planned_work

    if placement.drivers != 1:
        from fitgap.runner.driver import budget_of, with_driver_count

        placement = with_driver_count(placement, database, prepared.trial_count, budget_of(prepared, limits))
    workers = placement.share(0).workers
    with early_processes(placement.engine, prepared.dataset, workers, planned_work(prepared)) as early:
        from fitgap.runner.driver import launch_new

        code = launch_new(prepared, placement, database, terminal or Terminal(database), early, limits)
    raise typer.Exit(code)


def train_stored(
    sweep: str,
    change: "Callable[[Store], WrittenSweep]",
    placement: "Placement",
    database: str | None,
    limits: "Budget | None" = None,
) -> None:
    """Train the pending trials of a stored sweep after a change, with `limits` within its budget, and exit."""
    from fitgap.runner.driver import launch_stored

    raise typer.Exit(launch_stored(sweep, change, placement, database, Terminal(database), limits))


def report_stopped(released: int, sweep_name: str, database: str | None) -> None:
    """Report how many trials were stopped, and how to resume."""
    report(f"stopped; {counted(released, 'trial')} in flight {'is' if released == 1 else 'are'} pending again")
    report(f"continue with: {command('resume', sweep_name, database=database)}")


def report_stopped_early(database: str | None) -> None:
    """Report that a second Ctrl-C arrived while the sweep was being written: all of it is stored, or nothing."""
    report(
        f"stopped while the sweep was being stored; check whether it is there: {command('sweeps', database=database)}"
    )


def command(*words: str, database: str | None) -> str:
    """A command line for the same database. A password in its address has already been hidden."""
    return printable(shlex.join(["fitgap", *words, *(("--db", database) if database else ())]))
