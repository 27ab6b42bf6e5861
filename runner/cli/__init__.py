"""The command line: parses, calls one function, prints.

Commands import what they need when they run, so that `--help` answers at once and asking never loads Ray.
"""

import shutil
import sys
from collections.abc import Callable
from typing import Any

import typer
from fitgap.runner.cli.command_group import CommandGroup
from fitgap.runner.cli.commands import labels, list_names, models, query, resume
from fitgap.runner.cli.commands.compare import compare
from fitgap.runner.cli.commands.db import db
from fitgap.runner.cli.commands.diagnose import diagnose
from fitgap.runner.cli.commands.doctor import doctor
from fitgap.runner.cli.commands.importance import importance
from fitgap.runner.cli.commands.run import run
from fitgap.runner.cli.commands.send import send
from fitgap.runner.cli.commands.version import top
from fitgap.runner.cli.damaged import damage_reported
from fitgap.runner.cli.failures import EnvironmentFailureError, in_one_line, is_of_environment, with_lost_folder
from fitgap.runner.cli.interrupted import QuietInterrupts
from fitgap.runner.cli.render.lines import report
from fitgap.runner.errors import FitgapError, ReaderGoneError
from fitgap.runner.system.blas import prepare_blas
from fitgap.runner.system.passwords import hide_passwords

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
app.command()(resume.resume)
app.command()(resume.extend)
app.command()(resume.retry)
app.command()(resume.cancel)
app.command()(resume.replay)
app.command()(query.sweeps)
app.command()(query.trials)
app.command()(query.show)
app.command()(query.epochs)
app.command()(compare)
app.command()(diagnose)
app.command()(importance)
app.command()(labels.tag)
app.command()(labels.note)
app.command()(labels.rename)
app.command()(labels.delete)
app.command()(models.export)
app.command()(models.predict)
app.command()(send)
app.command("list")(list_names.list_names)
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
    with damage_reported():
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
