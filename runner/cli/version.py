"""`fitgap --version`."""

from pathlib import Path
from typing import Annotated

import typer

from runner.cli.lines import say

DISTRIBUTION = "fitgap"


def print_version(is_asked: bool) -> None:
    """Print the version and end, if it is asked for."""
    if is_asked:
        say(f"{DISTRIBUTION} {program_version()}")
        raise typer.Exit


def program_version() -> str:
    """The version that is installed; in a checkout that nobody has installed, the one it would have."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return version_of_checkout(Path(__file__).parents[2] / "pyproject.toml")


def version_of_checkout(settings: Path) -> str:
    """The version in the settings of a checkout."""
    import tomllib

    try:
        return str(tomllib.loads(settings.read_text(encoding="utf-8"))["project"]["version"])
    except (KeyError, OSError, ValueError):
        return "unknown"


Version = Annotated[
    bool,
    typer.Option("--version", is_eager=True, callback=print_version, help="Print the version and exit."),
]


def top(version: Version = False) -> None:
    """Options that stand before any command."""
