"""Selection of sweeps by name, or trials by number, for tagging, notes and deletion."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fitgap.runner.errors import StoreError
from fitgap.runner.store.read.lookups import find_sweep, require_trials
from fitgap.runner.store.schema.tables import sweep, sweep_tag, trial, trial_tag
from sqlalchemy.engine import Connection

MOST_TRIALS = 10_000


@dataclass(frozen=True)
class Chosen:
    """Sweeps or trials, by id."""

    are_sweeps: bool
    numbers: tuple[int, ...]

    @property
    def table(self) -> sa.Table:
        return sweep if self.are_sweeps else trial

    @property
    def tag_table(self) -> sa.Table:
        return sweep_tag if self.are_sweeps else trial_tag

    @property
    def tag_owner(self) -> sa.Column:
        """The column of the tag table that refers to the sweep or trial."""
        return sweep_tag.c.sweep_id if self.are_sweeps else trial_tag.c.trial_id


def choose(connection: Connection, words: Sequence[str]) -> Chosen:
    """The selected sweeps or trials: a number, or several such as `7,8,9`, selects trials; a name selects a sweep.

    Raises StoreError if something does not exist, or if both kinds are given.
    """
    trials = [number for word in words for number in trial_numbers(word)]
    names = [word for word in words if not trial_numbers(word)]
    if names and trials:
        raise StoreError(f"{names[0]!r} is a sweep and {trials[0]} is a trial; name sweeps or trials, not both")
    if names:
        found = [int(find_sweep(connection, name)["id"]) for name in names]
        return Chosen(are_sweeps=True, numbers=tuple(dict.fromkeys(found)))
    if len(trials) > MOST_TRIALS:
        raise StoreError(f"these are {len(trials):,} trials; name at most {MOST_TRIALS:,} at once, or a sweep")
    require_trials(connection, trials)
    return Chosen(are_sweeps=False, numbers=tuple(dict.fromkeys(trials)))


def trial_numbers(word: str) -> list[int]:
    """The trial numbers in a word such as `7` or `7,8,9`; none if it is a name."""
    parts = word.split(",")
    return [int(part) for part in parts] if all(part.strip().isdecimal() for part in parts) else []
