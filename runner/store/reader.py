"""Read access to an open database: one method per query, implemented by the modules in the sub-folders."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import numpy as np
from fitgap.core.fit import Fit
from fitgap.core.small_samples import SmallSample
from fitgap.runner.messages import SavedState
from fitgap.runner.store.admin import sizes
from fitgap.runner.store.admin.damage import damage_reported, remember
from fitgap.runner.store.compare import axis_columns, groups, importance, leaderboard, verdict_counts
from fitgap.runner.store.compare.floor import SweepFloor, floor_of_sweep, small_sample_of
from fitgap.runner.store.compare.groups import GroupComparison
from fitgap.runner.store.compare.importance import Scale
from fitgap.runner.store.database.retry import with_retries
from fitgap.runner.store.database.sqlite import ONLY_READS, reading, rights_of, unchanged
from fitgap.runner.store.filter import filter_expression
from fitgap.runner.store.read import epoch_stream, layers, lookups, pending, progress, trials
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.write import delete, labels, selection
from fitgap.runner.store.write.delete import Deletion
from sqlalchemy.engine import Connection, Engine

Answer = TypeVar("Answer")


class StoreReader:
    """An open database for queries. The methods return plain rows."""

    def __init__(self, engine: Engine):
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @property
    def rights(self) -> int:
        """The maximum permissions of new files with results: users who may not read the database may not read them."""
        return rights_of(self._engine)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A read-only connection that does not block writers. Errors caused by a damaged row name the row."""
        remember(self._engine)
        with damage_reported(self._engine), reading(self._engine) as connection:
            yield connection

    def _with_retries(self, query: Callable[[Connection], Answer]) -> Answer:
        """The result of a query by a running driver, which retries while the database is unavailable."""
        engine = self._engine.execution_options(**{ONLY_READS: True})
        return with_retries(engine, lambda connection, is_retry: unchanged(connection, query))

    def sweep(self, name_or_number: str | int) -> Row:
        with self._reading() as connection:
            return lookups.find_sweep(connection, str(name_or_number))

    def sweeps(self) -> list[Row]:
        with self._reading() as connection:
            return lookups.sweeps(connection)

    def trials(
        self,
        sweep: str | int,
        *,
        where: str | None = None,
        sort: str = "trial",
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] | None = None,
    ) -> list[Row]:
        """The trials of a sweep that match the filter `where`; see `TrialQuery` for the other arguments."""
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            return trials.trials(connection, sweep_id, TrialQuery(where, sort, limit, offset, columns))

    def each_trial(self, sweep: str | int, choice: TrialQuery) -> Iterator[Row]:
        """The same as an iterator; the store cannot be used for anything else until it is exhausted."""
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            yield from trials.each_trial(connection, sweep_id, choice)

    def count_trials(self, sweep: str | int, where: str | None = None) -> int:
        with self._reading() as connection:
            return trials.count_trials(connection, lookups.find_sweep(connection, str(sweep))["id"], where)

    def show(self, trial: int) -> Row:
        with self._reading() as connection:
            return lookups.show_trial(connection, trial)

    def epochs(self, trials: Sequence[int]) -> list[Row]:
        with self._reading() as connection:
            return lookups.epochs(connection, trials)

    def sweep_epochs(self, sweep: str | int) -> list[Row]:
        with self._reading() as connection:
            return lookups.sweep_epochs(connection, lookups.find_sweep(connection, str(sweep))["id"])

    def layers(self, what: str | int, where: str | None = None) -> list[Row]:
        """The layers of the trials of a sweep, given by its name, or of one trial, given by its number."""
        with self._reading() as connection:
            if isinstance(what, int):
                return layers.layers_of_trial(connection, what)
            return layers.layers_of_sweep(connection, what, where)

    def epoch_blocks(self, what: str | Sequence[int], where: str | None = None) -> Iterator[dict[str, np.ndarray]]:
        """The epochs of a sweep, given by name, or of these trials, as blocks of columns; see `epoch_stream`.

        For a sweep, `where` is a filter for its trials.
        """
        with self._reading() as connection:
            yield from epoch_stream.epoch_blocks(connection, lookups.trial_numbers(connection, what, where))

    def compare(
        self,
        sweep: str | int,
        by: Sequence[str],
        *,
        of: str = "best_e_v",
        against: str | None = None,
        where: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        question = GroupComparison(by, of, against, None if where is None else filter_expression(where))
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            return groups.compare(connection, sweep_id, question, sort=sort, limit=limit)

    def leaderboard(self, sweep_id: int, by: Sequence[str], limit: int) -> list[Row]:
        with self._reading() as connection:
            return leaderboard.leaderboard(connection, sweep_id, by, limit)

    def varying_axes(self, sweep_id: int) -> list[str]:
        """The axes in which the configurations of a sweep differ, in the order of the sweep file."""
        with self._reading() as connection:
            return axis_columns.axes_of(connection, sweep_id)

    def configuration_count(self, sweep_id: int) -> int:
        with self._reading() as connection:
            return axis_columns.configuration_count(connection, sweep_id)

    def importance(
        self, sweep: str | int, of: Sequence[str] = ("e_v",), *, scale: str = Scale.LINEAR, where: str | None = None
    ) -> list[Row]:
        condition = None if where is None else filter_expression(where)
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            return importance.importance(connection, sweep_id, of, scale=scale, where=condition)

    def ended_trials(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return lookups.ended_trials(connection, sweep_id)

    def configurations(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return lookups.configurations(connection, sweep_id)

    def progress(self, sweep_id: int) -> progress.SweepProgress:
        """How far a sweep is, counted for all drivers."""
        with self._reading() as connection:
            return progress.sweep_progress(connection, sweep_id)

    def configuration_verdicts(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return lookups.configuration_verdicts(connection, sweep_id)

    def verdict_counts(self, sweep_id: int) -> dict[str, int]:
        with self._reading() as connection:
            return verdict_counts.verdict_counts(connection, sweep_id)

    def counts_by_setting(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.counts_by_setting(connection, sweep_id)

    def ends_by_setting(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.ends_by_setting(connection, sweep_id)

    def ended_in(self, sweep_id: int, status: str, limit: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.ended_in(connection, sweep_id, status, limit)

    def configurations_with(self, sweep_id: int, status: str) -> int:
        with self._reading() as connection:
            return verdict_counts.configurations_with(connection, sweep_id, status)

    def worst_configurations(self, sweep_id: int, verdict: str, limit: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.worst_configurations(connection, sweep_id, verdict, limit)

    def best_configurations(self, sweep_id: int, limit: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.best_configurations(connection, sweep_id, limit)

    def reference(self, sweep_id: int) -> Row | None:
        with self._reading() as connection:
            return verdict_counts.reference_of(connection, sweep_id)

    def small_sample(self, sweep_id: int) -> SmallSample | None:
        with self._reading() as connection:
            return small_sample_of(connection, sweep_id)

    def floor(self, sweep_id: int) -> SweepFloor | None:
        with self._reading() as connection:
            return floor_of_sweep(connection, sweep_id)

    def unjudged(self, sweep_id: int) -> int:
        with self._reading() as connection:
            return verdict_counts.unjudged(connection, sweep_id)

    def facts(self, trials: Sequence[int]) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.facts(connection, trials)

    def repeat_count(self, sweep_id: int) -> int:
        with self._reading() as connection:
            return verdict_counts.repeat_count(connection, sweep_id)

    def measured_configurations(self, sweep_id: int, limit: int) -> list[Row]:
        with self._reading() as connection:
            return verdict_counts.measured_configurations(connection, sweep_id, limit)

    def settings_of_configurations(self, sweep_id: int, hashes: Sequence[str]) -> dict[str, Row]:
        with self._reading() as connection:
            return verdict_counts.settings_of_configurations(connection, sweep_id, hashes)

    def verdict_over_repeats(self, trial: int) -> tuple[str | None, int]:
        """The verdict on the configuration of a trial, and its number of completed repeats."""
        with self._reading() as connection:
            return verdict_counts.verdict_over_repeats(connection, trial)

    def settings_of_trials(self, trials: Sequence[int]) -> dict[int, Row]:
        """The settings of the configurations of these trials, by trial number."""
        with self._reading() as connection:
            return verdict_counts.settings_of_trials(connection, trials)

    def fit_with_errors(self, trial: int) -> tuple[Fit, Row] | None:
        with self._reading() as connection:
            return verdict_counts.fit_with_errors(connection, trial)

    def kept_parameters(self, trial: int, epoch: int) -> np.ndarray | None:
        with self._reading() as connection:
            return lookups.kept_parameters(connection, trial, epoch)

    def data_content(self, sweep: str | int) -> bytes | None:
        """The stored content of a sweep's data set; None unless the data came from memory."""
        with self._reading() as connection:
            return lookups.data_content(connection, str(sweep))

    def preprocessing(self, trial: int) -> dict[str, Any]:
        with self._reading() as connection:
            return lookups.preprocessing(connection, trial)

    def pending_groups(self, sweep_id: int) -> list[Row]:
        return self._with_retries(lambda connection: pending.pending_groups(connection, sweep_id))

    def pending_numbers(self, sweep_id: int, group: Row, *, limit: int | None = None) -> np.ndarray:
        return self._with_retries(lambda connection: pending.pending_numbers(connection, sweep_id, group, limit))

    def planned(self, trials: Sequence[int]) -> list[Row]:
        return self._with_retries(lambda connection: pending.planned(connection, trials))

    def states(self, trials: Sequence[int]) -> dict[int, SavedState]:
        return self._with_retries(lambda connection: pending.states(connection, trials))

    def sweep_sizes(self) -> dict[int, tuple[int, int]]:
        """For each sweep id, its number of epochs and its approximate size in bytes."""
        with self._reading() as connection:
            return sizes.sweep_sizes(connection)

    def unused_bytes(self) -> int | None:
        """Unused bytes in an SQLite file; None for a server."""
        with self._reading() as connection:
            return sizes.unused_bytes(connection)

    def labels(self, words: Sequence[str]) -> list[Row]:
        """The tags and notes of the selected sweeps (by name) or trials (by number)."""
        with self._reading() as connection:
            return labels.labels(connection, selection.choose(connection, words))

    def deletion(self, words: Sequence[str]) -> Deletion:
        """The extent of what `delete` would remove."""
        with self._reading() as connection:
            return delete.deletion(connection, selection.choose(connection, words))
