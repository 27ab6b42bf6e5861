"""A console of Rich for text that is no markup."""

from typing import Any, NoReturn

from fitgap.runner.errors import ReaderGoneError
from rich.console import Console


class PlainConsole(Console):
    """Nothing in its text is markup, an emoji code or highlighted."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def on_broken_pipe(self) -> NoReturn:
        """Rich would end the program with code 1, and redirect the stream to nowhere."""
        raise ReaderGoneError("nobody reads the answer any more") from None
