"""The group of all commands: what they raise goes on to `main` as it is, and `--version` is answered."""

from typing import Any

from fitgap.runner.cli.failures import EnvironmentFailureError, in_one_line
from typer.core import TyperGroup


class CommandGroup(TyperGroup):
    """Typer ends a program without a word where any pipe breaks, also that to a process that trains or to a server."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command. That the reader of standard output has gone is another error, which `main` handles."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise EnvironmentFailureError(in_one_line(error)) from error
