"""The settings with which the page is started."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fitgap.runner.store import Row, Store


@dataclass(frozen=True)
class Wording:
    """Functions of the commands, a layer above this one, that give answers in words and write files."""

    # The diagnosis of a sweep by its name, and of a trial by its number, one line per paragraph.
    sweep_answer: Callable[[Store, str], list[str]]
    trial_answer: Callable[[Store, int], list[str]]
    # Writes rows with these keys to a file; the format is `csv`, `json` or `parquet`.
    write_rows: Callable[[Store, Iterable[Row], Sequence[str], str, Path], None]
    # The same for groups of trials.
    write_groups: Callable[[Store, Iterable[Row], Sequence[str], str, Path], None]
    # Writes the epochs of trials, given by numbers, or of a sweep, given by its name and a filter.
    write_epochs: Callable[[Store, Sequence[str], str | None, str, Path], None]


@dataclass(frozen=True)
class PageSettings:
    """The database, who may use the page, and what users may do.

    `hosts` are names under which the page may be reached, in addition to those of this machine. If there is a `token`,
    every request must carry it.
    """

    database: str | None
    wording: Wording
    hosts: tuple[str, ...] = ()
    token: str | None = None
    read_only: bool = False
    # Further options of `fitgap resume` for the processes that train.
    training_options: tuple[str, ...] = ()
    # Proves that a form comes from this page.
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
