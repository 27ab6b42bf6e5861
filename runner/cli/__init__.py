"""The command line: parses, calls one function, prints.

Commands import what they need when they run, so that `--help` answers at once and asking never loads Ray.
"""

import shutil
import sys
from collections.abc import Callable
from typing import Any

import typer
from fitgap.runner.blas import prepare_blas
from fitgap.runner.cli import again, ask, catalogue, housekeeping, models
from fitgap.runner.cli.compare import compare
from fitgap.runner.cli.damaged import damage_told
from fitgap.runner.cli.db import db
from fitgap.runner.cli.diagnose import diagnose
from fitgap.runner.cli.doctor import doctor
from fitgap.runner.cli.failures import EnvironmentFailureError, in_one_line, is_of_environment, with_lost_folder
from fitgap.runner.cli.group import CommandGroup
from fitgap.runner.cli.importance import importance
from fitgap.runner.cli.interrupted import QuietInterrupts
from fitgap.runner.cli.lines import report
from fitgap.runner.cli.run import run
from fitgap.runner.cli.send import send
from fitgap.runner.cli.version import top
from fitgap.runner.errors import FitgapError, ReaderGoneError
from fitgap.runner.passwords import hide_passwords

NOT_DONE = 1
# Typer brings its own copy of this class, or takes that of another package; its descendant is what it shows of it.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

SUMMARY = "Train many small networks; see which underfit, which overfit, and by how much."

# In fewer columns the panels of help cut words off; plain help breaks its lines.
COLUMNS_FOR_PANELS = 60
app = typer.Typer(
    name="fitgap",
    rich_markup_mode="rich" if shutil.get_terminal_size().columns >= COLUMNS_FOR_PANELS else None,
    cls=CommandGroup,
    help=SUMMARY,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback(help=SUMMARY)(top)
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


def main(is_whole_process: bool = False) -> None:
    """The `fitgap` command: errors that people can mend are one line and an exit code."""
    with QuietInterrupts(is_whole_process):
        code = code_of(command)
        # What is still buffered may be what cannot be written; that a reader has gone changes no code.
        sys.exit(code_of(sys.stdout.flush) or code)


def command() -> Any:
    """Run the command that the command line names; returns its exit code."""
    hide_passwords()
    prepare_blas()
    with damage_told():
        return app(prog_name="fitgap", standalone_mode=False)


def code_of(action: Callable[[], Any]) -> Any:
    """What something returns, or the exit code for the error that it raises."""
    try:
        return action()
    except SystemExit as leaving:
        return leaving.code
    except Exception as error:
        return code_of_error(error)


def code_of_error(error: Exception) -> int:
    """Say in one line what went wrong, unless a bug did; returns the exit code."""
    if isinstance(error, typer.Abort):
        return NOT_DONE
    if isinstance(error, UsageError):
        return tell_usage(error)
    if is_of_environment(error):
        error = EnvironmentFailureError(in_one_line(error))
    if not isinstance(error, FitgapError):
        raise error
    if not isinstance(error, ReaderGoneError):
        report(f"fitgap: {with_lost_folder(str(error))}", *(f"  {part}" for part in error.excerpt))
    return error.exit_code


def tell_usage(error: Any) -> int:
    """Say in one line what is wrong with the command line and where to look; without any command, print the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        command_path = error.ctx.command_path if error.ctx else "fitgap"
        report(f"fitgap: {one_line(error.format_message())} see {command_path} --help")
    return int(error.exit_code)


def one_line(message: str) -> str:
    """Typer's words in the manner of our own errors, ready for another part of the sentence."""
    text = " ".join(message.replace("Value error, ", "").split()).rstrip(".").replace(". Did you", "; did you")
    return text if text.endswith("?") else f"{text};"
