"""What a command that trains ends with: its exit code, and how to continue where something is left."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fitgap.runner.amounts import counted
from fitgap.runner.cli.failures import EnvironmentFailureError, in_one_line, is_of_environment
from fitgap.runner.cli.render.lines import if_somebody_reads, report
from fitgap.runner.cli.training import command
from fitgap.runner.errors import EngineError, FullOutputError, StoreError

if TYPE_CHECKING:
    from fitgap.runner.driver import WrittenSweep
    from fitgap.runner.store import Row, Store

UNFINISHED = ("pending", "running")


def code_after_training(store: "Store", written: "WrittenSweep", database: str | None) -> int:
    """Show what came of a sweep; the exit code is 0 only if every trial has ended and none has failed.

    It is that of the trials even if nobody reads the answer, and 2 if the answer cannot be written.
    """
    from fitgap.runner.cli.render.leaderboard import report_summary
    from fitgap.runner.driver import present_name

    counts = present_counts(store, written)
    problem = output_problem(store, written, counts["name"])
    name = present_name(store, written)
    if problem:
        again = command("trials", name, database=database)
        report(f"fitgap: {problem}; the results are stored, and this command shows them: {again}")
    else:
        report_summary(store, counts)
    left = sum(counts[status] for status in UNFINISHED)
    if left:
        verb = "is" if left == 1 else "are"
        going_on = command("resume", name, database=database)
        report(f"{counted(left, 'trial')} {verb} still pending; continue with: {going_on}")
    return problem.exit_code if problem else int(bool(left or counts["failed"]))


def output_problem(store: "Store", written: "WrittenSweep", name: str) -> FullOutputError | None:
    """Print the leaderboard; returns why that cannot be done, if it cannot."""
    from fitgap.runner.cli.render.leaderboard import print_leaderboard

    try:
        with if_somebody_reads():
            print_leaderboard(store, written, name)
    except FullOutputError as problem:
        return problem
    return None


@contextlib.contextmanager
def told_how_to_continue(store: "Store", written: "WrittenSweep", database: str | None) -> Iterator[None]:
    """If an engine does not start, or the system refuses something, say how to continue once that is mended."""
    from fitgap.runner.driver import present_name

    try:
        yield
    except Exception as error:
        is_engine = isinstance(error, EngineError)
        if not (is_engine or is_of_environment(error)):
            raise
        going_on = command("resume", present_name(store, written), database=database)
        told = EngineError if is_engine else EnvironmentFailureError
        reason = str(error) if is_engine else in_one_line(error)
        raise told(f"{reason}; what was trained until then is stored, continue with: {going_on}") from error


def present_counts(store: "Store", written: "WrittenSweep") -> "Row":
    """The row of a sweep with how many of its trials have which status; StoreError if it was deleted meanwhile."""
    counts = next((row for row in store.sweeps() if row["sweep"] == written.sweep_id), None)
    if counts is None:
        raise StoreError(f"sweep {written.name} was deleted while it was trained")
    return counts
