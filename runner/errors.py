"""Errors shown to users: one line each, with the rule, the value received and the next step."""

import difflib
from collections.abc import Iterable

from fitgap.runner.suggestions import suggested
from fitgap.runner.usual_names import our_name

EXCERPT_WIDTH = 70


class FitgapError(Exception):
    """Base of all errors that a user can cause or fix. The command line prints one line and exits with `exit_code`."""

    exit_code = 2
    # Lines that point at the error in the user's text.
    excerpt: tuple[str, ...] = ()


class SpecError(FitgapError):
    """A sweep file or a flag is invalid.

    `path` locates the mistake in the sweep by keys and list positions, such as
    `("axes", "optimizer", 1, "adam", "rate")`. `Places` translates it into file, line and column, or a flag.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()):
        super().__init__(message)
        self.message = message
        self.path = path


class DataError(FitgapError):
    """A data set cannot be read, or is not suitable for training."""


class ModelError(FitgapError):
    """A model file cannot be read or written."""


class OutputError(FitgapError):
    """Output cannot be written to its destination."""


class FullOutputError(OutputError):
    """Standard output cannot be written: the disk is full, the terminal is gone, or permission is missing."""


class ReaderGoneError(FitgapError):
    """The reader of standard output has closed the pipe. It has seen enough, so this is not a failure."""

    exit_code = 0


class StoreError(FitgapError):
    """The database cannot be used, or does not contain the requested item."""


class FilterError(StoreError):
    """A filter expression (`--where`) is invalid. `excerpt` points at the mistake."""

    def __init__(self, message: str, text: str, start: int, end: int):
        super().__init__(f"filter: {message}")
        self.excerpt = excerpt(text, start, max(end, start + 1))


class ChartError(FitgapError):
    """A chart cannot be drawn from these trials, or there is no such kind."""


class LabelError(FitgapError):
    """A sweep name, tag or note is invalid."""


class BusyError(FitgapError):
    """Trials cannot be deleted because they are being trained."""


class IntegrationError(FitgapError):
    """The storage of another program, such as MLflow or TensorBoard, cannot be written."""


class EngineError(FitgapError):
    """The training engine cannot be started."""

    exit_code = 1


class ClusterError(FitgapError):
    """The cluster given by `--address` cannot be used."""


class ClusterLostError(FitgapError):
    """The cluster no longer responds."""

    exit_code = 1


class DriverFencedError(FitgapError):
    """The lease of this driver expired, and another process has taken over its trials."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__(
            "this process was unresponsive for too long, so another one has taken over its trials; "
            f"nothing was written since; `{suggested('sweeps')}` shows the progress"
        )


def nearest(name: object, known: Iterable[str]) -> str:
    """Advice for an unknown name: the most similar known name, if any, and a list of all known names."""
    names = list(known)
    ours = our_name(str(name), names)
    close = [ours] if ours else difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(names)}"


def excerpt(text: str, start: int, end: int) -> tuple[str, str]:
    """The text around a position as one line, and a line of `^` marks to print below it."""
    first = max(0, start - EXCERPT_WIDTH // 2) if end > EXCERPT_WIDTH else 0
    shown = text[first : first + EXCERPT_WIDTH]
    plain = "".join(character if character.isprintable() else " " for character in shown)
    marks = min(end - first, EXCERPT_WIDTH) - (start - first)
    return plain, " " * (start - first) + "^" * marks
