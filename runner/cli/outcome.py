"""What a command that trains ends with: its exit code, and how to continue where something is left."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from runner.amounts import counted
from runner.cli.driving import command
from runner.cli.failures import EnvironmentFailureError, in_one_line, is_of_environment
from runner.cli.lines import report
from runner.driver import present_name
from runner.errors import EngineError, FullOutputError, ReaderGoneError, StoreError

if TYPE_CHECKING:
    from runner.driver import WrittenSweep
    from runner.store import Row, Store

Show = Callable[["Store", "WrittenSweep"], object]
UNFINISHED = ("pending", "running")


def code_after_training(store: "Store", written: "WrittenSweep", show: Show, database: str | None) -> int:
    """Show what came of a sweep; the exit code is 0 only if every trial has ended and none has failed.

    It is that of the trials even if nobody reads the answer, and 2 if the answer cannot be written.
    """
    code = shown_code(store, written, show, database)
    counts = present_counts(store, written)
    left = sum(counts[status] for status in UNFINISHED)
    if left:
        verb = "is" if left == 1 else "are"
        going_on = command("resume", present_name(store, written), database=database)
        report(f"{counted(left, 'trial')} {verb} still pending; continue with: {going_on}")
    return code or int(bool(left or counts["failed"]))


def shown_code(store: "Store", written: "WrittenSweep", show: Show, database: str | None) -> int:
    """Show an answer; returns the exit code for what becomes of the output."""
    try:
        show(store, written)
        sys.stdout.flush()
    except ReaderGoneError:
        pass
    except FullOutputError as error:
        again = command("trials", present_name(store, written), database=database)
        report(f"fitgap: {error}; the results are stored, and this command shows them: {again}")
        return error.exit_code
    return 0


@contextlib.contextmanager
def told_how_to_continue(store: "Store", written: "WrittenSweep", database: str | None) -> Iterator[None]:
    """If an engine does not start, or the system refuses something, say how to continue once that is mended."""
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
