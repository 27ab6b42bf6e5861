"""A database whose query results are data frames."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl
from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
from fitgap.runner.errors import StoreError
from fitgap.runner.frames.arguments import selection, sweep_name, sweep_or_trial, trial_number
from fitgap.runner.frames.arguments import text as text_of
from fitgap.runner.frames.types import (
    CONFUSION_TYPES,
    COUNTS,
    LAYER_TYPES,
    SHARE_KEYS,
    SWEEP_TYPES,
    TEST_TYPES,
    cause_frame,
    epoch_frame,
    example_frame,
    frame_of,
    group_frame,
    setting_types,
    two_way_frame,
)
from fitgap.runner.holdout import stored_holdout
from fitgap.runner.integrations.contents import Sent
from fitgap.runner.integrations.mlflow_tracking import send_to_mlflow
from fitgap.runner.integrations.optuna_study import send_to_optuna
from fitgap.runner.models.exported_files import save_as
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.store import Deletion, Store, open_store_for_writing
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store.schema.result_keys import TRIAL
from fitgap.runner.used_examples import used_examples_of

if TYPE_CHECKING:
    import altair as alt

SWEEP_KEYS = ("sweep", "name", "trials", *COUNTS, "created", "tags", "note")
Trials = int | Sequence[int]


class FrameStore:
    """An open database. Its methods return what the commands print, as polars data frames with typed columns.

    A sweep is given by its name or number, as for the commands. Every error is a FitgapError with a one-line message.
    Before you move the database file, close the store or use it in a `with` block; otherwise the file may stay open.
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
        rows = self._rows.trials(sweep_name(sweep), where=where, sort=sort, limit=limit, columns=columns)
        return frame_of(rows, columns or TRIAL, setting_types(columns or ()))

    def show(self, trial: int) -> pl.DataFrame:
        """Everything stored about one trial, in one row; settings and environment are structs."""
        return frame_of([self._rows.show(trial_number(trial))], TRIAL)

    def epochs(self, what: str | Trials, *, where: str | None = None) -> pl.DataFrame:
        """The epochs of a sweep, given by its name, or of trials, given by their numbers.

        `where` is a filter over the trials of a sweep. A million epochs take about two seconds and 80 MB.
        """
        return epoch_frame(self._rows.epoch_blocks(what if isinstance(what, str) else selection(what), where))

    def compare(
        self,
        sweep: str | int | Sequence[str | int],
        by: str | Sequence[str],
        *,
        of: str = "best_e_v",
        table: bool = False,
        **options: Any,
    ) -> pl.DataFrame:
        """Groups of trials by settings such as `"activation"`: means over completed trials, the best by `of` first.

        `sweep` may be a list of sweeps of the same data and splits. With `table`, and two settings, the result is a
        two-way table of the metric `of`: one row per alternative of the first setting, one column per alternative of
        the second. `options` are those of the command: `against`, `where`, `tuned`, `sort`, `limit`.
        """
        keys = [by] if isinstance(by, str) else list(by)
        names = [sweep_name(each) for each in (sweep if isinstance(sweep, (list, tuple)) else [sweep])]
        groups = self._rows.compare(names, keys, of=of, **options)
        return two_way_frame(groups, keys, of) if table else group_frame(groups, keys, of)

    def importance(self, sweep: str | int, of: str | Sequence[str] = "e_v", **options: Any) -> pl.DataFrame:
        """Which settings matter: the share of each metric's variance explained by every axis and pair of axes."""
        return frame_of(
            self._rows.importance(sweep_name(sweep), [of] if isinstance(of, str) else of, **options), SHARE_KEYS
        )

    def layers(self, what: str | int, *, where: str | None = None) -> pl.DataFrame:
        """Statistics of units and weights, one row per layer: of a trial (number), or all trials of a sweep (name)."""
        return frame_of(self._rows.layers(sweep_or_trial(what), where), LAYER_TYPES, LAYER_TYPES)

    def confusion(self, trial: int) -> pl.DataFrame:
        """Confusion matrix of a trial after its best epoch: one row per class and predicted class.

        It counts validation examples; `share` is the share of the class's examples that got this prediction. It is
        empty for numeric targets and for trials of versions before 0.2.
        """
        return frame_of(self._rows.confusion(trial), CONFUSION_TYPES, CONFUSION_TYPES)

    def test_result(self, sweep: str | int) -> pl.DataFrame:
        """The errors of the best configuration on the test examples, one row per trial; computed once and stored.

        Empty if the sweep has no test examples, or has not ended.
        """
        found = stored_holdout(self._rows, self._rows.sweep(sweep)["id"])
        rows = [] if found is None else found.rows()
        return frame_of(rows, TEST_TYPES, TEST_TYPES)

    def diagnose(self, what: str | int) -> pl.DataFrame:
        """What is wrong, why and what to try: for a trial (number), or the worst configurations of a sweep (name)."""
        what = sweep_or_trial(what)
        if isinstance(what, int):
            return cause_frame([diagnose_trial(self._rows, what)])
        troubles = diagnose_sweep(self._rows, what)["troubles"]
        return cause_frame(row for trouble in troubles for row in trouble["worst"])

    def export(
        self, trial: int, path: str | os.PathLike[str], *, at: str = "best", file_format: str | None = None
    ) -> None:
        """Write the network of a trial to a file, `model.npz` or `model.onnx`, as `fitgap export` does.

        `at` is "best" or "last", the epoch after which to take the network. `file_format` is "npz" or "onnx", for a
        path whose suffix is neither.
        """
        if at not in ("best", "last"):
            raise StoreError(f"at must be 'best' or 'last', but is {at!r}")
        save = save_as(Path(path), file_format)
        save(model_of_trial(self._rows, trial, at=at), Path(path), self._rows.rights)

    def data(
        self, what: str | int, *, repeat: int | None = None, side: str | None = None, scaled: bool = False
    ) -> pl.DataFrame:
        """The examples of a repeat of a sweep (name; default: repeat 1), or of a trial (number), one row for each.

        `side` is `"training"`, `"validation"`, `"test"` or `"unused"`. Inputs and numeric targets are as
        they were read or, if `scaled`, as networks get them; the column `scaled` then says so. With label noise,
        `replaced` says which labels were replaced.
        """
        return example_frame(used_examples_of(self._rows, what, repeat=repeat, side=side, scaled=scaled).columns())

    def plot(self, kind: str, what: str | int, **options: Any) -> "alt.TopLevelMixin":
        """A chart as an Altair object, which notebooks display: `plot("fitmap", "digits")` or `plot("curves", 7)`.

        The kinds and the options `where`, `by`, `of`, `trials`, `at`, `linear`, `each`, `width` and `theme` are those
        of `fitgap plot`; `by` is a name or a list of names, `trials` a list of numbers.
        """
        from fitgap.runner.charts import Request, draw

        by = options.pop("by", ())
        request = Request(sweep_or_trial(what), by=[by] if isinstance(by, str) else list(by), **options)
        return draw(kind, self._rows, request)

    def labels(self, what: str | Trials) -> pl.DataFrame:
        """The tags and notes of a sweep, given by its name, or of trials, given by their numbers."""
        return frame_of(self._rows.labels(words_of(what)), ())

    def tag(self, what: str | Trials, *tags: str) -> None:
        """Add tags to a sweep or to trials."""
        with self._writing() as rows:
            rows.add_tags(words_of(what), [text_of(tag, "a tag") for tag in tags])

    def untag(self, what: str | Trials, *tags: str) -> None:
        """Remove tags from a sweep or from trials."""
        with self._writing() as rows:
            rows.remove_tags(words_of(what), [text_of(tag, "a tag") for tag in tags])

    def note(self, what: str | Trials, text: str) -> None:
        """Write or replace the note of a sweep or of trials; an empty text removes it."""
        with self._writing() as rows:
            rows.write_note(words_of(what), text_of(text, "a note"))

    def rename(self, sweep: str | int, name: str) -> None:
        """Rename a sweep."""
        with self._writing() as rows:
            rows.rename_sweep(str(sweep_name(sweep)), text_of(name, "a name"))

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
    """The name of a sweep or the numbers of trials, as arguments of the commands."""
    return [what] if isinstance(what, str) else [str(number) for number in selection(what)]


def open_store(db: str | None = None) -> FrameStore:
    """Open the database `db`, a file or address (default: $FITGAP_DB, or `fitgap.db` in the current folder).

    Raises StoreError if there is no database.
    """
    return FrameStore(db)
