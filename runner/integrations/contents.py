"""The contents of a sweep to send: its ended trials with settings, results and curves, in batches."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from fitgap.runner.integrations.settings import Setting, flat_settings, with_left_out
from fitgap.runner.store import Row, Store
from fitgap.runner.store.schema.tables import METRICS

TRIALS_AT_A_TIME = 100
# A trial's configuration and repeat. Unlike its number, they are never reused after the trial was deleted.
Key = tuple[str, int]
# The keys sent for a trial, in addition to its settings and its curve.
FINDINGS = (
    *("trial", "configuration", "repeat", "status", "reason", "epochs", "e_t", "e_v", "gap", "best_epoch"),
    *("best_e_t", "best_e_v", "accuracy_t", "accuracy_v", "excess", "underfit", "overfit", "verdict"),
    *("parameters", "layers", "seconds", "note", "tags"),
    *METRICS,
)


@dataclass(frozen=True)
class EndedTrial:
    """A trial to be sent: its row, its settings, and its epochs in order."""

    row: Row
    settings: dict[str, Setting]
    epochs: Sequence[Row]

    @property
    def findings(self) -> dict[str, object]:
        """The known values, by key."""
        found = {name: self.row[name] for name in FINDINGS}
        return {name: value for name, value in found.items() if value not in (None, [])}


@dataclass(frozen=True)
class SweepContents:
    """A sweep to be sent."""

    store: Store
    sweep: Row

    @property
    def name(self) -> str:
        return str(self.sweep["name"])

    @property
    def identity(self) -> str:
        """A text that distinguishes this sweep from any other, even from a later one with the same name."""
        return f"{self.sweep['fingerprint'][:16]}-{self.sweep['created']:.3f}"

    @cached_property
    def settings(self) -> dict[str, dict[str, Setting]]:
        """The settings of every configuration by its hash."""
        rows = self.store.configurations(self.sweep["id"])
        found = {row["hash"]: flat_settings(row["settings"]) for row in rows}
        return dict(zip(found, with_left_out(list(found.values())), strict=True))

    @cached_property
    def rows(self) -> list[Row]:
        return self.store.ended_trials(self.sweep["id"])

    def trials(self, without: Collection[Key]) -> Iterator[list[EndedTrial]]:
        """The ended trials in batches, except those with the keys in `without`."""
        rows = iter([row for row in self.rows if (row["configuration"], row["repeat"]) not in without])
        while part := list(itertools.islice(rows, TRIALS_AT_A_TIME)):
            epochs = self.store.epochs([row["trial"] for row in part])
            by_trial = {number: list(each) for number, each in itertools.groupby(epochs, lambda row: row["trial"])}
            yield [EndedTrial(row, self.settings[row["configuration"]], by_trial.get(row["trial"], [])) for row in part]


@dataclass(frozen=True)
class Sent:
    """The result of sending: the target's name, and the numbers of new trials and of those already there."""

    name: str
    new: int
    known: int
