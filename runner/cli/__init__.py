"""The command line: parses, calls one function, prints.

Commands import what they need when they run, so that `--help` answers at once and asking never loads Ray.
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import typer

from runner.blas import prepare_blas
from runner.cli import again, ask, catalogue, housekeeping, models
from runner.cli.compare import compare
from runner.cli.damaged import damage_told
from runner.cli.db import db
from runner.cli.diagnose import diagnose
from runner.cli.doctor import doctor
from runner.cli.driving import INTERRUPTED
from runner.cli.importance import importance
from runner.cli.run import run
from runner.cli.send import send
from runner.cli.tables import printable
from runner.errors import FitgapError
from runner.passwords import hide_passwords

STANDARD_OUTPUT = 1
NOT_DONE = 1
# Typer brings its own copy of this class, or takes that of another package; its descendant is what it shows of it.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="fitgap",
    help="Train many small networks; see which underfit, which overfit, and by how much.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(again.resume)
app.command()(again.extend)
app.command()(again.retry)
app.command()(again.cancel)
app.command()(again.replay)
app.command()(ask.sweeps)
app.command()(ask.trials)
app.command()(ask.show)
app.command()(ask.epochs)
app.command()(compare)
app.command()(diagnose)
app.command()(importance)
app.command()(housekeeping.tag)
app.command()(housekeeping.note)
app.command()(housekeeping.rename)
app.command()(housekeeping.delete)
app.command()(models.export)
app.command()(models.predict)
app.command()(send)
app.command("list")(catalogue.list_names)
app.command()(doctor)
app.add_typer(db, name="db", help="See, upgrade, copy, back up or restore a database.")


def main() -> None:
    """The `fitgap` command: errors that people can mend are one line and an exit code."""
    with quiet_after_interrupt():
        code = code_of_command()
    if reader_has_gone():
        # Whoever read it has seen enough: no failure, and nothing more to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)
        code = 0
    sys.exit(code)


def code_of_command() -> Any:
    """Run the command that the command line names; returns its exit code."""
    try:
        hide_passwords()
        prepare_blas()
        with damage_told():
            return app(prog_name="fitgap", standalone_mode=False)
    except UsageError as error:
        return tell_usage(error)
    except FitgapError as error:
        print(printable(f"fitgap: {error}"), *map(printable, error.excerpt), sep="\n  ", file=sys.stderr)
        return error.exit_code
    except typer.Abort:
        return NOT_DONE
    except SystemExit as leaving:
        # Typer leaves so where nobody reads the pipe any more.
        return leaving.code


@contextlib.contextmanager
def quiet_after_interrupt() -> Iterator[None]:
    """After Ctrl-C the command ends without a word: what goes wrong then goes wrong because of it, as imports do."""
    heard = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard = True
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    # Somebody may have told that Ctrl-C is to be ignored.
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception:
        if heard:
            sys.exit(INTERRUPTED)
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def tell_usage(error: Any) -> int:
    """Say in one line what is wrong with the command line and where to look; without any command, print the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        command = error.ctx.command_path if error.ctx else "fitgap"
        print(printable(f"fitgap: {one_line(error.format_message())} see {command} --help"), file=sys.stderr)
    return int(error.exit_code)


def one_line(message: str) -> str:
    """Typer's words in the manner of our own errors, ready for another part of the sentence."""
    text = " ".join(message.replace("Value error, ", "").split()).rstrip(".").replace(". Did you", "; did you")
    return text if text.endswith("?") else f"{text};"


def reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    watch = select.poll()
    watch.register(STANDARD_OUTPUT, 0)
    return any(event & select.POLLERR for _, event in watch.poll(0))
