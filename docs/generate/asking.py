"""The output of fitgap's commands, which are run in this process."""

import io
from contextlib import redirect_stderr, redirect_stdout

from fitgap.runner.cli.main import app


def answer(*words: str) -> str:
    """What a command prints on standard output."""
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(io.StringIO()):
        app(list(words), standalone_mode=False)
    return printed.getvalue()
