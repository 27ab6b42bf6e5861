"""The command line: parses, calls one function, prints.

Commands import what they need when they run, so that `--help` answers at once and asking never loads Ray.
"""

import os
import sys

import typer

from runner.cli import ask, catalogue
from runner.cli.run import resume, run
from runner.errors import FitgapError

app = typer.Typer(
    name="fitgap",
    help="Train many small networks; see which underfit, which overfit, and by how much.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(run)
app.command()(resume)
app.command()(ask.sweeps)
app.command()(ask.trials)
app.command()(ask.show)
app.command()(ask.epochs)
app.command()(ask.compare)
app.command("list")(catalogue.list_names)


def main() -> None:
    """The `fitgap` command: errors that people can mend are one line and an exit code."""
    # Read by BLAS when NumPy is loaded: a worker trains on one thread, and starting more takes time.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    try:
        app()
    except FitgapError as error:
        print(f"fitgap: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of the pipe has seen enough; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
