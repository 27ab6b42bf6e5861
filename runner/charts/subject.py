"""The data of a chart: the chosen trials of a sweep, as Polars frames read from the store."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import polars as pl
from fitgap.runner.charts.palette import NOT_JUDGED, PRUNED, THEMES, Theme
from fitgap.runner.charts.request import MEASURES, Request, check_request
from fitgap.runner.charts.settings import Axis
from fitgap.runner.charts.whole_frame import is_readable, whole_frame
from fitgap.runner.errors import ChartError, nearest
from fitgap.runner.store import Row, Store, TrialQuery
from fitgap.runner.store.filter import known_names
from fitgap.runner.suggestions import suggested

# The column of an axis whose name differs.
COLUMN_OF_AXIS = {"epochs": "planned_epochs"}
AXES = (
    *("architecture", "activation", "regularizer", "optimizer", "initializer", "output_activation"),
    *("schedule", "stopping", "loss", "batch_size", "epochs"),
)
NUMBERS = (
    *("e_t", "e_v", "best_e_v", "honest_e_v", "underfit", "overfit", "excess", "accuracy_v"),
    *("seconds", "started", "ended"),
)
TYPES: dict[str, Any] = {
    **dict.fromkeys((*NUMBERS, "label_noise"), pl.Float64),
    **dict.fromkeys(("trial", "repeat", "parameters", "epochs", "best_epoch"), pl.Int64),
    **dict.fromkeys(("batch_size", "planned_epochs", "training_examples"), pl.Int64),
    **dict.fromkeys(("configuration", "status", "verdict"), pl.String),
}
FIXED = ("trial", "configuration", "repeat", "status", "parameters", "epochs", "best_epoch", "verdict", *NUMBERS)


class Subject:
    """The data that charts are drawn from. Each part is read from the store when it is first needed."""

    def __init__(self, store: Store, request: Request):
        check_request(request)
        self.store, self.request = store, request
        self.trial = request.what if isinstance(request.what, int) else None
        if self.trial is not None:
            self.request = replace(request, trials=(self.trial, *request.trials))
        name = request.what if self.trial is None else store.show(self.trial)["sweep"]
        self.sweep: Row = store.sweep(name)

    @property
    def name(self) -> str:
        return str(self.sweep["name"])

    @property
    def theme(self) -> Theme:
        return THEMES[self.request.theme]

    @contextmanager
    def in_theme(self, theme: str) -> Iterator[None]:
        """Switch to other colors within this block, without reading from the store again."""
        request = self.request
        self.request = replace(request, theme=theme)
        try:
            yield
        finally:
            self.request = request

    @property
    def width(self) -> int:
        return self.request.width

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The axes in which the trials differ, in the order of the sweep file."""
        found = {}
        for column in self._axis_columns:
            values = self.trials[column].unique().to_list()
            if len(values) > 1:
                found[column] = Axis(column, values)
        return found

    @cached_property
    def _axis_columns(self) -> list[str]:
        named = self.sweep["specification"].get("axes") or AXES
        columns = [COLUMN_OF_AXIS.get(name, name) for name in named]
        return [column for column in columns if column in known_names() and column not in FIXED]

    def axis(self, name: str) -> Axis:
        """The axis of this name: one of the sweep, or any other setting or number of a trial by its key."""
        name = COLUMN_OF_AXIS.get(name, name)
        if name in self.axes:
            return self.axes[name]
        if name not in self.trials.columns:
            if name not in known_names():
                raise ChartError(f"there is no axis {name!r}; {nearest(name, self.axes or AXES)}")
            self.__dict__["trials"] = self.trials.join(self._setting(name), on="trial", how="left")
        return Axis(name, self.trials[name].unique().to_list())

    def _setting(self, name: str) -> pl.DataFrame:
        """Another setting of the trials, by its dotted name."""
        query = TrialQuery(where=self.request.where, columns=("trial", name))
        return pl.DataFrame(list(self.store.each_trial(self.name, query)), infer_schema_length=None)

    @property
    def measure_of_best(self) -> str:
        """The requested measure; else the one by which the leaderboard orders configurations."""
        has_honest = self.completed["honest_e_v"].null_count() == 0
        return self.request.of or ("honest_e_v" if has_honest else "best_e_v")

    @property
    def _metric(self) -> list[str]:
        """The requested metric as a list, empty if there is none or its values are always read."""
        of = self.request.of
        return [] if of is None or of in MEASURES else [of]

    @cached_property
    def trials(self) -> pl.DataFrame:
        """The chosen trials, with the verdict on their configuration as `judged`."""
        if self.request.where is None and not self._metric and is_readable(self._schema):
            trials = whole_frame(self.store, self.sweep["id"], self._schema)
            return self._only(trials, self.request.trials) if self.request.trials else trials
        trials = self._read(self.request.where)
        for metric in self._metric:
            self._require_values(trials, metric)
        if self.request.trials:
            trials = self._only(trials, self.request.trials)
        rows = [(row["configuration"], row["verdict"]) for row in self.store.configuration_verdicts(self.sweep["id"])]
        judged = pl.DataFrame(rows, schema={"configuration": pl.String, "judged": pl.String}, orient="row")
        return trials.join(judged, on="configuration", how="left", maintain_order="left")

    @property
    def _schema(self) -> dict[str, Any]:
        """The columns of trials that charts need, with their types."""
        columns = dict.fromkeys([*FIXED, *self._axis_columns, *self._metric])
        return {name: TYPES.get(name, pl.String) for name in columns} | dict.fromkeys(self._metric, pl.Float64)

    def _read(self, where: str | None) -> pl.DataFrame:
        """The trials of the sweep that match a filter."""
        schema = self._schema
        found = self.store.trial_blocks(self.name, TrialQuery(where=where, columns=list(schema)))
        parts = [pl.DataFrame(rows, schema=schema, orient="row") for rows in found]
        return pl.concat([pl.DataFrame(schema=schema), *parts])

    def _require_values(self, trials: pl.DataFrame, metric: str) -> None:
        """Raise ChartError if no completed trial has a metric."""
        completed = trials.filter(pl.col("status") == "completed")
        if completed.height and completed[metric].is_null().all():
            raise ChartError(f"no completed trial of {self.name} has {metric}; draw another measure, such as --of e_v")

    def _only(self, trials: pl.DataFrame, numbers: Sequence[int]) -> pl.DataFrame:
        chosen = trials.filter(pl.col("trial").is_in(list(numbers)))
        missing = set(numbers) - set(chosen["trial"].to_list())
        if missing:
            raise ChartError(
                f"trial {min(missing)} is not among the trials of {self.name} that were chosen; "
                f"see them with: {suggested('trials', self.name)}"
            )
        return chosen

    @cached_property
    def completed(self) -> pl.DataFrame:
        """The chosen trials that completed: only their errors can be averaged."""
        return self.trials.filter(pl.col("status") == "completed")

    @cached_property
    def configurations(self) -> pl.DataFrame:
        """One row per configuration: its settings, means over its completed trials, its verdict and a label."""
        means = [pl.col(name).filter(pl.col("status") == "completed").mean() for name in (*NUMBERS[:-2], *self._metric)]
        frame = self.trials.group_by("configuration", maintain_order=True).agg(
            pl.col("trial").first(),
            pl.len().alias("trials"),
            (pl.col("status") == "completed").sum().alias("completed"),
            (pl.col("status") == "diverged").sum().alias("diverged"),
            (pl.col("status") == "pruned").sum().alias("pruned"),
            pl.col("parameters").first(),
            pl.col("judged").first(),
            pl.col("best_epoch").filter(pl.col("status") == "completed").mean(),
            *(pl.col(name).first() for name in self.axes),
            *means,
        )
        verdict = pl.when(pl.col("completed") > 0).then(pl.col("judged").fill_null(NOT_JUDGED))
        lost = pl.when(pl.col("diverged") > 0).then(pl.lit("diverged")).otherwise(pl.lit(NOT_JUDGED))
        return frame.with_columns(verdict.otherwise(lost).alias("verdict"), self._label().alias("label"))

    def _label(self) -> pl.Expr:
        """The settings that tell the configurations apart, such as `64-32 · relu · adam 0.01`."""
        if not self.axes:
            return pl.col("configuration")
        shown = [pl.col(name).replace_strict(axis.labels, return_dtype=pl.String) for name, axis in self.axes.items()]
        return pl.concat_str(shown, separator=" · ")

    @cached_property
    def reference(self) -> str | None:
        """The hash of the reference configuration; None if there is none yet."""
        found = self.store.reference(self.sweep["id"])
        return None if found is None else str(found["configuration"])

    @property
    def baseline(self) -> str | None:
        """The hash of the configuration that others are compared with: the chosen one, else the reference."""
        return self.request.against or self.reference

    def baseline_trials(self) -> pl.DataFrame:
        """The completed trials of the baseline, which need not be among the chosen ones."""
        return self._read(f"configuration == {self.baseline!r} and status == 'completed'")

    @cached_property
    def constant_e_v(self) -> float | None:
        """The E_v of the best constant prediction; None for sweeps of earlier versions, which did not measure it."""
        found = self.store.floor(self.sweep["id"])
        return None if found is None else found.e_v

    @property
    def is_without_skill(self) -> bool:
        """Whether it is known that not even the reference is clearly better than a constant prediction."""
        found = self.store.floor(self.sweep["id"])
        return found is not None and found.is_beaten is False

    def epochs(self, trials: Sequence[int]) -> pl.DataFrame:
        """The epochs of these trials, with null for values that are not finite."""
        blocks = self.store.epoch_blocks(list(trials))
        parts = [pl.DataFrame({name: block[name] for name in ("trial", "epoch", "e_t", "e_v")}) for block in blocks]
        schema = pl.Schema({"trial": pl.Int64(), "epoch": pl.Int64(), "e_t": pl.Float64(), "e_v": pl.Float64()})
        joined = pl.concat([pl.DataFrame(schema=schema), *(part.cast(schema) for part in parts)])
        finite = pl.col("e_t", "e_v").fill_nan(None).replace({math.inf: None, -math.inf: None})
        return joined.with_columns(finite)

    def require(self, frame: pl.DataFrame, what: str) -> pl.DataFrame:
        """The frame. Raises ChartError if it has no rows to draw."""
        if frame.is_empty():
            filtered = " that match --where" if self.request.where else ""
            raise ChartError(f"{self.name} has no {what}{filtered}; see how far it is: {suggested('sweeps')}")
        return frame

    def counts(self) -> Mapping[str, int]:
        """The number of configurations with each verdict, or pruned without one, most frequent first."""
        is_pruned = (pl.col("pruned") > 0) & (pl.col("verdict") == NOT_JUDGED)
        kinds = self.configurations.select(verdict=pl.when(is_pruned).then(pl.lit(PRUNED)).otherwise("verdict"))
        return dict(kinds["verdict"].value_counts(sort=True).iter_rows())


def words(verdict: str) -> str:
    return verdict.replace("_", " ")
