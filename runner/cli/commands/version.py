"""`fitgap --version`."""

from typing import Annotated

import typer
from fitgap.runner.cli.render.lines import say
from fitgap.runner.package import DISTRIBUTION, program_version


def print_version(is_asked: bool) -> None:
    """Print the version and exit if the flag is given."""
    if is_asked:
        say(f"{DISTRIBUTION} {program_version()}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", is_eager=True, callback=print_version, help="Print the version and exit."),
]


def top(version: Version = False) -> None:
    """Options that come before any command."""
