"""`fitgap` on the command line: the list of its commands, and the handling of their errors.

Commands import what they need when they run, so that `--help` is fast and queries never load Ray.
"""

import shutil
import sys
from collections.abc import Callable
from typing import Any

import typer
from fitgap.runner.cli.broken_pipes import CommandGroup
from fitgap.runner.cli.commands import labels, list_names, models, query, resume
from fitgap.runner.cli.commands.compare import compare
from fitgap.runner.cli.commands.data import data
from fitgap.runner.cli.commands.db import db
from fitgap.runner.cli.commands.diagnose import diagnose
from fitgap.runner.cli.commands.doctor import doctor
from fitgap.runner.cli.commands.importance import importance
from fitgap.runner.cli.commands.improve import improve
from fitgap.runner.cli.commands.inspect import inspect
from fitgap.runner.cli.commands.layers import layers
from fitgap.runner.cli.commands.plot import plot
from fitgap.runner.cli.commands.replay import replay
from fitgap.runner.cli.commands.report import report as write_report
from fitgap.runner.cli.commands.run import run
from fitgap.runner.cli.commands.send import send
from fitgap.runner.cli.commands.study import study
from fitgap.runner.cli.commands.ui import ui
from fitgap.runner.cli.commands.version import top
from fitgap.runner.cli.commands.watch import watch
from fitgap.runner.cli.damaged_rows import explaining_damage
from fitgap.runner.cli.environment_errors import (
    EnvironmentFailureError,
    is_environment_failure,
    one_line_reason,
    with_missing_folder_hint,
)
from fitgap.runner.cli.interrupted import QuietInterrupts
from fitgap.runner.cli.render.lines import report
from fitgap.runner.errors import FitgapError, ReaderGoneError
from fitgap.runner.suggestions import naming_database
from fitgap.runner.system.blas import prepare_blas
from fitgap.runner.system.passwords import hide_passwords
from fitgap.runner.usual_names import OPTIONS

NOT_DONE = 1
# Depending on its version, Typer vendors this class or imports it from Click; it is the base of a public class.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

SUMMARY = "Train many small networks; see which underfit, which overfit, and by how much."

# On narrower terminals the help panels cut words off; plain help wraps its lines.
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
app.command()(inspect)
app.command()(watch)
app.command()(study)
app.command()(resume.resume)
app.command()(resume.extend)
app.command()(improve)
app.command()(resume.retry)
app.command()(resume.cancel)
app.command()(replay)
app.command()(query.sweeps)
app.command()(query.trials)
app.command()(query.show)
app.command()(query.epochs)
app.command()(data)
app.command()(compare)
app.command()(diagnose)
app.command()(importance)
app.command()(layers)
app.command()(plot)
app.command("report")(write_report)
app.command()(ui)
app.command()(labels.tag)
app.command()(labels.note)
app.command()(labels.rename)
app.command()(labels.delete)
app.command()(models.export)
app.command()(models.predict)
app.command()(send)
app.command("list")(list_names.list_names)
app.command()(doctor)
app.add_typer(db, name="db", help="Show, upgrade, copy, compact, back up or restore a database.")


def main(is_whole_process: bool = False) -> None:
    """The `fitgap` command. An error that users can fix becomes one line and an exit code."""
    with QuietInterrupts(is_whole_process):
        code = exit_code_of(command)
        # Flush here, since buffered output may turn out not to be writable. A closed pipe does not change the code.
        sys.exit(exit_code_of(sys.stdout.flush) or code)


def command() -> Any:
    """Run the command named on the command line and return its exit code."""
    hide_passwords()
    prepare_blas()
    with explaining_damage(), naming_database():
        return app(prog_name="fitgap", standalone_mode=False)


def exit_code_of(action: Callable[[], Any]) -> Any:
    """Run an action and return its result, or the exit code of the error that it raises."""
    try:
        return action()
    except SystemExit as leaving:
        return leaving.code
    except Exception as error:
        return exit_code_of_error(error)


def exit_code_of_error(error: Exception) -> int:
    """Report an error in one line and return its exit code; raise it again if it is a bug."""
    if isinstance(error, typer.Abort):
        return NOT_DONE
    if isinstance(error, UsageError):
        return report_usage_error(error)
    if is_environment_failure(error):
        error = EnvironmentFailureError(one_line_reason(error))
    if not isinstance(error, FitgapError):
        raise error
    if not isinstance(error, ReaderGoneError):
        report(f"fitgap: {with_missing_folder_hint(str(error))}", *(f"  {part}" for part in error.excerpt))
    return error.exit_code


def report_usage_error(error: Any) -> int:
    """Report a mistake on the command line in one line, with a pointer to the help; without any command, print it."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        command_path = error.ctx.command_path if error.ctx else "fitgap"
        ours = OPTIONS.get(getattr(error, "option_name", ""))
        # The similar options that Typer suggests may be misleading.
        message = f"No such option: {error.option_name}; write {ours};" if ours else None
        report(f"fitgap: {message or as_own_message(error.format_message())} see {command_path} --help")
    return int(error.exit_code)


def as_own_message(message: str) -> str:
    """Typer's message in the style of our own errors, ready to be continued."""
    text = " ".join(message.replace("Value error, ", "").split()).rstrip(".").replace(". Did you", "; did you")
    return text if text.endswith("?") else f"{text};"
