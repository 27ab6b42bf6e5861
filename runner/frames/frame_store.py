"""A database whose answers are data frames."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
from fitgap.runner.errors import StoreError
from fitgap.runner.frames.types import (
    COUNTS,
    LAYER_TYPES,
    SHARE_KEYS,
    SWEEP_TYPES,
    cause_frame,
    epoch_frame,
    frame_of,
    group_frame,
    setting_types,
)
from fitgap.runner.integrations.contents import Sent
from fitgap.runner.integrations.mlflow_tracking import send_to_mlflow
from fitgap.runner.integrations.optuna_study import send_to_optuna
from fitgap.runner.store import Deletion, Store, open_store_for_writing
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store.schema.result_keys import TRIAL

if TYPE_CHECKING:
    import altair as alt

SWEEP_KEYS = ("sweep", "name", "trials", *COUNTS, "created", "tags", "note")
Trials = int | Sequence[int]


class FrameStore:
    """An open database. Its methods return what the commands print, as polars data frames with typed columns.

    A sweep is given by its name or number, as for the commands. Every error is a FitgapError with a one-line message.
    Before you move the database file, close the store or use it in a `with` block; otherwise it may stay open.
    """

    def __init__(self, database: str | None = None):
        self._database = database
        self._rows: Store = open_rows(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._rows.close()

    def sweeps(self) -> pl.DataFrame:
        """All sweeps with the number of trials in each status, oldest first."""
        return frame_of(self._rows.sweeps(), SWEEP_KEYS, SWEEP_TYPES)

    def trials(
        self,
        sweep: str | int,
        *,
        where: str | None = None,
        sort: str = "trial",
        limit: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """The trials of a sweep that match the filter `where`, such as `"e_v < 0.1 and activation == 'relu'"`.

        `sort` is one or more keys, such as `verdict,-e_v`, with `-` for descending order. `columns` are keys, and
        dotted names of settings.
        """
        if limit is not None and not (isinstance(limit, int) and limit >= 0):
            raise StoreError(f"limit must be a whole number from 0, or None for all trials, but is {limit!r}")
        rows = self._rows.trials(sweep, where=where, sort=sort, limit=limit, columns=columns)
        return frame_of(rows, columns or TRIAL, setting_types(columns or ()))

    def show(self, trial: int) -> pl.DataFrame:
        """Everything stored about one trial, in one row; settings and environment are structs."""
        return frame_of([self._rows.show(trial)], TRIAL)

    def epochs(self, what: str | Trials, *, where: str | None = None) -> pl.DataFrame:
        """The epochs of a sweep, given by its name, or of trials, given by their numbers.

        `where` is a filter over the trials of a sweep. A million epochs take about two seconds and 80 MB.
        """
        return epoch_frame(self._rows.epoch_blocks([what] if isinstance(what, int) else what, where))

    def compare(
        self, sweep: str | int, by: str | Sequence[str], *, of: str = "best_e_v", **options: Any
    ) -> pl.DataFrame:
        """Groups of trials by settings such as `"activation"`: means over completed trials, best in `of` first.

        `options` are those of the command: `against`, `where`, `sort`, `limit`.
        """
        keys = [by] if isinstance(by, str) else list(by)
        return group_frame(self._rows.compare(sweep, keys, of=of, **options), keys, of)

    def importance(self, sweep: str | int, of: str | Sequence[str] = "e_v", **options: Any) -> pl.DataFrame:
        """Which settings matter: the share of each metric's variance explained by every axis and pair of axes."""
        return frame_of(self._rows.importance(sweep, [of] if isinstance(of, str) else of, **options), SHARE_KEYS)

    def layers(self, what: str | int, *, where: str | None = None) -> pl.DataFrame:
        """Statistics of units and weights, one row per layer, of a trial (number) or of all of a sweep (name)."""
        return frame_of(self._rows.layers(what, where), LAYER_TYPES, LAYER_TYPES)

    def diagnose(self, what: str | int) -> pl.DataFrame:
        """What is wrong, why and what to try: for a trial (number), or the worst configurations of a sweep (name)."""
        if isinstance(what, int):
            return cause_frame([diagnose_trial(self._rows, what)])
        troubles = diagnose_sweep(self._rows, what)["troubles"]
        return cause_frame(row for trouble in troubles for row in trouble["worst"])

    def plot(self, kind: str, what: str | int, **options: Any) -> "alt.TopLevelMixin":
        """A chart as an Altair object, which notebooks display: `plot("fitmap", "digits")` or `plot("curves", 7)`.

        The kinds and the options `where`, `by`, `of`, `trials`, `width` and `theme` are those of `fitgap plot`; `by` is
        a name or a list of names, `trials` a list of numbers.
        """
        from fitgap.runner.charts import Request, draw

        by = options.pop("by", ())
        request = Request(what, by=[by] if isinstance(by, str) else list(by), **options)
        return draw(kind, self._rows, request)

    def labels(self, what: str | Trials) -> pl.DataFrame:
        """The tags and notes of a sweep, given by its name, or of trials, given by their numbers."""
        return frame_of(self._rows.labels(words_of(what)), ())

    def tag(self, what: str | Trials, *tags: str) -> None:
        """Add tags to a sweep or to trials."""
        with self._writing() as rows:
            rows.add_tags(words_of(what), tags)

    def untag(self, what: str | Trials, *tags: str) -> None:
        """Remove tags from a sweep or from trials."""
        with self._writing() as rows:
            rows.remove_tags(words_of(what), tags)

    def note(self, what: str | Trials, text: str) -> None:
        """Write or replace the note of a sweep or of trials; an empty text removes it."""
        with self._writing() as rows:
            rows.write_note(words_of(what), text)

    def rename(self, sweep: str | int, name: str) -> None:
        """Rename a sweep."""
        with self._writing() as rows:
            rows.rename_sweep(str(sweep), name)

    def delete(self, what: str | Trials) -> Deletion:
        """Delete a sweep or trials with all their data, without confirmation.

        The result has `sweeps` (names), and the numbers of deleted `trials`, `epochs` and `networks`.
        """
        with self._writing() as rows:
            return rows.delete(words_of(what))

    def send_to_optuna(self, sweep: str | int, storage: str, *, name: str | None = None) -> Sent:
        """Send the ended trials of a sweep to an Optuna study.

        The result has the `name` of the study, and the numbers of `new` trials and of those it already had (`known`).
        """
        return send_to_optuna(self._rows, sweep, storage, name=name, database=self._database)

    def send_to_mlflow(self, sweep: str | int, tracking: str, *, name: str | None = None) -> Sent:
        """Send the ended trials of a sweep to an MLflow experiment; the result is like that of `send_to_optuna`."""
        return send_to_mlflow(self._rows, sweep, tracking, name=name, database=self._database)

    def _writing(self) -> Store:
        """The same database, open for writing."""
        return open_store_for_writing(self._database)


def words_of(what: str | Trials) -> list[str]:
    """A sweep's name or trials' numbers in the form that the commands take."""
    if isinstance(what, str):
        return [what]
    return [str(what)] if isinstance(what, int) else [str(number) for number in what]


def open_store(db: str | None = None) -> FrameStore:
    """Open the database `db`, a file or address (default: $FITGAP_DB, or `fitgap.db` in the current folder).

    Raises StoreError if there is no database.
    """
    return FrameStore(db)
