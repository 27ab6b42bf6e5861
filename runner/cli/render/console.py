"""A Rich console that prints text as it is."""

from typing import Any, NoReturn

from fitgap.runner.errors import ReaderGoneError
from rich.console import Console


class PlainConsole(Console):
    """A console without markup, emoji codes and highlighting."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def on_broken_pipe(self) -> NoReturn:
        """Raise our own error: Rich would exit with code 1 and redirect the stream to /dev/null."""
        raise ReaderGoneError("standard output was closed by its reader") from None
