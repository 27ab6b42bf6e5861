"""The command line: parses, calls one function, prints.

Commands import what they need when they run, so that `--help` answers at once and asking never loads Ray.
"""

import contextlib
import os
import select
import sys

import typer

from runner.blas import prepare_blas
from runner.cli import again, ask, catalogue, models
from runner.cli.compare import compare
from runner.cli.db import db
from runner.cli.doctor import doctor
from runner.cli.importance import importance
from runner.cli.run import run
from runner.cli.tables import printable
from runner.errors import FitgapError
from runner.passwords import hide_passwords

STANDARD_OUTPUT = 1

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
app.command()(importance)
app.command()(models.export)
app.command()(models.predict)
app.command("list")(catalogue.list_names)
app.command()(doctor)
app.add_typer(db, name="db", help="See, upgrade or copy a database.")


def main() -> None:
    """The `fitgap` command: errors that people can mend are one line and an exit code."""
    hide_passwords()
    prepare_blas()
    try:
        app()
    except FitgapError as error:
        print(printable(f"fitgap: {error}"), file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit:
        if reader_has_gone():
            # Who reads the pipe has seen enough: no failure, and nothing more to say.
            os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)
            sys.exit(0)
        raise


def reader_has_gone() -> bool:
    """Whether standard output is a pipe that nobody reads any more."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    watch = select.poll()
    watch.register(STANDARD_OUTPUT, 0)
    return any(event & select.POLLERR for _, event in watch.poll(0))
