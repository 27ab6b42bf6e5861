"""Validation of the arguments of the Python interface; errors say what is expected."""

import operator
from collections.abc import Iterable
from typing import Any

from fitgap.runner.errors import StoreError

LONGEST_SHOWN = 60


def trial_number(value: Any) -> int:
    """The number of a trial. Raises StoreError for anything but a whole number."""
    number = as_index(value)
    if number is None:
        raise StoreError(f"a trial is given by its number, such as 7, but received {shown(value)}")
    return number


def sweep_name(value: Any) -> str | int:
    """The name or the number of a sweep. Raises StoreError for anything else."""
    if isinstance(value, str):
        return value
    number = as_index(value)
    if number is None:
        raise StoreError(f"a sweep is given by its name or number, such as 'digits', but received {shown(value)}")
    return number


def sweep_or_trial(value: Any) -> str | int:
    """The name of a sweep or the number of a trial. Raises StoreError for anything else."""
    if isinstance(value, str):
        return value
    number = as_index(value)
    return refused(value) if number is None else number


def selection(value: Any) -> list[int]:
    """The numbers of one or several trials. Raises StoreError for anything else."""
    number = as_index(value)
    if number is not None:
        return [number]
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return refused(value)
    numbers = [as_index(each) for each in value]
    if None in numbers:
        return refused(value)
    return [each for each in numbers if each is not None]


def refused(value: Any) -> Any:
    """Raise the StoreError for a value that is neither the name of a sweep nor numbers of trials."""
    rule = "give the name of a sweep, such as 'digits', the number of a trial, or a list of numbers"
    raise StoreError(f"{rule}, but received {shown(value)}")


def text(value: Any, what: str) -> str:
    """The text itself. Raises StoreError for anything else."""
    if not isinstance(value, str):
        raise StoreError(f"{what} must be text, but received {shown(value)}; write str(…) around it")
    return value


def as_index(value: Any) -> int | None:
    """A whole number, including NumPy's, as an int; None for anything else, such as true, 1.0 or "1"."""
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def shown(value: Any) -> str:
    """A value and its type, for a one-line message."""
    written = " ".join(repr(value).split())
    short = written if len(written) <= LONGEST_SHOWN else f"{written[: LONGEST_SHOWN - 1]}…"
    return f"{short} ({type(value).__name__})"
