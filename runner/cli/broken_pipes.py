"""Broken pipes in commands: a broken pipe to a worker process or a server is an error, which `main` reports."""

from typing import Any

from fitgap.runner.cli.environment_errors import EnvironmentFailureError, one_line_reason
from typer.core import TyperGroup


class CommandGroup(TyperGroup):
    """Typer exits silently when any pipe breaks, even one to a worker process or to a server; this group does not."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command. A closed standard output is a different error, which `main` handles."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise EnvironmentFailureError(one_line_reason(error)) from error
