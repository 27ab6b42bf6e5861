"""The errors that people see: one line each, with the rule, the value received and the next step."""

import difflib
from collections.abc import Iterable

EXCERPT_WIDTH = 70


class FitgapError(Exception):
    """Base of every error a user can cause or mend: the command line prints it as one line and exits with its code."""

    exit_code = 2
    # Lines that show the place where the error is.
    excerpt: tuple[str, ...] = ()


class SpecError(FitgapError):
    """The sweep, as a file or as flags, asks for something that does not exist or cannot be.

    `path` leads to the offending place in the sweep as written: keys and list positions, such as
    `("axes", "optimizer", 1, "adam", "rate")`. Whoever knows the text turns it into file, line and column, or a flag.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()):
        super().__init__(message)
        self.message = message
        self.path = path


class DataError(FitgapError):
    """A data set cannot be read or cannot be trained on."""


class ModelError(FitgapError):
    """A model file cannot be read or written."""


class OutputError(FitgapError):
    """An answer cannot be written where it was to go."""


class FullOutputError(OutputError):
    """Standard output cannot take any more: its disk is full, its terminal is gone, or it may not be written."""


class ReaderGoneError(FitgapError):
    """Nobody reads standard output any more. Whoever read it has seen enough, so this is no failure."""

    exit_code = 0


class StoreError(FitgapError):
    """The database cannot be used, or holds nothing by the name that was asked for."""


class FilterError(StoreError):
    """A filter, such as `--where` takes it, cannot be understood. `excerpt` shows the place where."""

    def __init__(self, message: str, text: str, start: int, end: int):
        super().__init__(f"filter: {message}")
        self.excerpt = excerpt(text, start, max(end, start + 1))


class LabelError(FitgapError):
    """A sweep cannot have this name, or a sweep or trial this tag or note."""


class BusyError(FitgapError):
    """What is to be deleted is being trained."""


class IntegrationError(FitgapError):
    """What another program keeps cannot be written to."""


class EngineError(FitgapError):
    """What should train cannot be started."""

    exit_code = 1


class ClusterError(FitgapError):
    """The cluster that `--address` names cannot be used."""


class ClusterLostError(FitgapError):
    """The cluster that trained does not answer any more."""

    exit_code = 1


class DriverFencedError(FitgapError):
    """This process was not heard of for so long that another one has taken over its trials."""

    exit_code = 1

    def __init__(self) -> None:
        super().__init__(
            "this process was silent for too long, and another one has taken over its trials; "
            "nothing was written since, `fitgap sweeps` shows how far it is"
        )


def nearest(name: object, known: Iterable[str]) -> str:
    """Advice for a misspelt name: the nearest known one, then all of them."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}known: {', '.join(names)}"


def excerpt(text: str, start: int, end: int) -> tuple[str, str]:
    """The text around a place, on one line, and marks to stand below it."""
    first = max(0, start - EXCERPT_WIDTH // 2) if end > EXCERPT_WIDTH else 0
    shown = text[first : first + EXCERPT_WIDTH]
    plain = "".join(character if character.isprintable() else " " for character in shown)
    marks = min(end - first, EXCERPT_WIDTH) - (start - first)
    return plain, " " * (start - first) + "^" * marks
