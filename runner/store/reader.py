"""Read access to an open database: one method per query, implemented by the modules in the sub-folders."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import numpy as np
from fitgap.core.fit_verdicts import Fit
from fitgap.core.small_samples import SmallSample
from fitgap.runner.messages import SavedState
from fitgap.runner.store.admin import sizes
from fitgap.runner.store.admin.damage import damage_reported, remember
from fitgap.runner.store.compare import (
    axis_columns,
    configuration_pages,
    groups,
    importance,
    judged_configurations,
    leaderboard,
    peers,
    trial_facts,
    verdict_counts,
)
from fitgap.runner.store.compare.configuration_pages import ConfigurationPage, ConfigurationQuery
from fitgap.runner.store.compare.floor import SweepFloor, beside_constants, floor_of_sweep, small_sample_of
from fitgap.runner.store.compare.groups import GroupComparison
from fitgap.runner.store.compare.importance import Scale
from fitgap.runner.store.database.retry import with_retries
from fitgap.runner.store.database.sqlite import ONLY_READS, reading, rights_of, unchanged
from fitgap.runner.store.read import confusion, epoch_stream, layers, lookups, pending, progress, proposals, trials
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.write import delete, drivers_at_work, labels, rungs, selection
from fitgap.runner.store.write.claims import OtherDriver
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

    def trial_blocks(self, sweep: str | int, choice: TrialQuery) -> Iterator[list[tuple[Any, ...]]]:
        """The same as lists of tuples in the order of the columns, for reading very many trials."""
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            yield from trials.trial_blocks(connection, sweep_id, choice)

    def count_trials(self, sweep: str | int, where: str | None = None) -> int:
        with self._reading() as connection:
            return trials.count_trials(connection, lookups.find_sweep(connection, str(sweep))["id"], where)

    def show(self, trial: int) -> Row:
        with self._reading() as connection:
            row = lookups.show_trial(connection, trial)
            matrix = confusion.confusion_of(connection, trial)
            return {**row, "confusion": matrix, "recall": confusion.recalls(matrix) if matrix else None}

    def confusion(self, trial: int) -> list[Row]:
        """The confusion matrix of a trial after its best epoch as rows; none if it is unknown."""
        with self._reading() as connection:
            matrix = confusion.confusion_of(connection, trial)
            return confusion.cells(matrix) if matrix else []

    def limited_inputs(self, sweep_id: int) -> Row:
        """The inputs that are limited in some repeat of a sweep, and the first examples in which they are."""
        with self._reading() as connection:
            return lookups.limited_inputs(connection, sweep_id)

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

    def layers_of_trials(self, numbers: Sequence[int]) -> list[Row]:
        """The layers of the completed ones among these trials."""
        with self._reading() as connection:
            return layers.layers_of_trials(connection, numbers)

    def epoch_blocks(self, what: str | Sequence[int], where: str | None = None) -> Iterator[dict[str, np.ndarray]]:
        """The epochs of a sweep, given by name, or of these trials, as blocks of columns; see `epoch_stream`.

        For a sweep, `where` is a filter for its trials.
        """
        with self._reading() as connection:
            yield from epoch_stream.epoch_blocks(connection, lookups.trial_numbers(connection, what, where))

    def compare(
        self,
        sweep: str | int | Sequence[str | int],
        by: Sequence[str],
        *,
        of: str = "best_e_v",
        against: str | None = None,
        where: str | None = None,
        tuned: bool = False,
        sort: str | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Groups of the trials of a sweep, or of several sweeps of the same data, splits and seed."""
        names = [sweep] if isinstance(sweep, (str, int)) else list(sweep)
        with self._reading() as connection:
            numbers = list(dict.fromkeys(lookups.find_sweep(connection, str(name))["id"] for name in names))
            condition = None if where is None else trials.condition_of(connection, numbers, where)
            question = GroupComparison(by, of, against, condition, tuned=tuned)
            return groups.compare(connection, numbers, question, sort=sort, limit=limit)

    def leaderboard(self, sweep_id: int, by: Sequence[str], limit: int) -> list[Row]:
        with self._reading() as connection:
            return leaderboard.leaderboard(connection, sweep_id, by, limit)

    def configuration_page(self, sweep_id: int, by: Sequence[str], query: ConfigurationQuery) -> ConfigurationPage:
        """A page of configurations with the settings `by`, sorted and compared by the database."""
        with self._reading() as connection:
            return configuration_pages.configuration_page(connection, sweep_id, by, query)

    def configuration_hashes(self, sweep_id: int, query: ConfigurationQuery) -> list[str]:
        with self._reading() as connection:
            return configuration_pages.configuration_hashes(connection, sweep_id, query)

    def settings_along(self, sweep_id: int, keys: Sequence[str], hashes: Sequence[str]) -> dict[str, Row]:
        """The settings `keys` of configurations, by their hashes."""
        with self._reading() as connection:
            return configuration_pages.settings_along(connection, sweep_id, keys, hashes)

    def state(self, sweep_id: int) -> tuple[object, ...]:
        """What changes whenever results of a sweep change; it costs little, however large the sweep is."""
        with self._reading() as connection:
            return configuration_pages.state_of(connection, sweep_id)

    def drivers_of(self, sweep_id: int) -> list[OtherDriver]:
        """The live drivers that have trained trials of a sweep."""
        with self._reading() as connection:
            return drivers_at_work.drivers_of_sweep(connection, sweep_id)

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
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            condition = None if where is None else trials.condition_of(connection, [sweep_id], where)
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

    def trial_progress(self, number: int) -> Row | None:
        """How far a trial is: its status, verdict, and epochs; None if there is no such trial."""
        with self._reading() as connection:
            return progress.trial_progress(connection, number)

    def stored_epochs(self, sweep_id: int) -> int:
        """The number of stored epochs of the trials that have not ended, which grows while they are trained."""
        with self._reading() as connection:
            return progress.stored_epochs(connection, sweep_id)

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
            return judged_configurations.worst_configurations(connection, sweep_id, verdict, limit)

    def best_configurations(self, sweep_id: int, limit: int) -> list[Row]:
        with self._reading() as connection:
            return judged_configurations.best_configurations(connection, sweep_id, limit)

    def reference(self, sweep_id: int) -> Row | None:
        with self._reading() as connection:
            return judged_configurations.reference_of(connection, sweep_id)

    def peer_groups(self, sweep_id: int) -> list[Row]:
        """The groups of configurations within which verdicts compare; none if all are compared with each other."""
        with self._reading() as connection:
            return peers.peer_group_rows(connection, sweep_id)

    def proposal_counts(self, sweep_id: int) -> proposals.ProposalCounts:
        with self._reading() as connection:
            return proposals.proposal_counts(connection, sweep_id)

    def proposals(self, sweep_id: int) -> list[Row]:
        """The proposals of a search in the order of the plan, with what came of them."""
        with self._reading() as connection:
            return proposals.proposal_rows(connection, sweep_id)

    def small_sample(self, sweep_id: int) -> SmallSample | None:
        with self._reading() as connection:
            return small_sample_of(connection, sweep_id)

    def floor(self, sweep_id: int) -> SweepFloor | None:
        with self._reading() as connection:
            return floor_of_sweep(connection, sweep_id)

    def beside_constants(self, sweep: str, where: str) -> list[Row]:
        """The errors of the trials that match a filter, each with those of a constant prediction."""
        with self._reading() as connection:
            return beside_constants(connection, sweep, where)

    def unjudged(self, sweep_id: int) -> int:
        with self._reading() as connection:
            return verdict_counts.unjudged(connection, sweep_id)

    def facts(self, trials: Sequence[int]) -> list[Row]:
        with self._reading() as connection:
            return trial_facts.facts(connection, trials)

    def repeat_count(self, sweep_id: int) -> int:
        with self._reading() as connection:
            return verdict_counts.repeat_count(connection, sweep_id)

    def measured_configurations(self, sweep_id: int, limit: int) -> list[Row]:
        with self._reading() as connection:
            return judged_configurations.measured_configurations(connection, sweep_id, limit)

    def trials_of_configuration(self, sweep_id: int, configuration_hash: str) -> list[int]:
        with self._reading() as connection:
            return judged_configurations.trials_of_configuration(connection, sweep_id, configuration_hash)

    def settings_of_configurations(self, sweep_id: int, hashes: Sequence[str]) -> dict[str, Row]:
        with self._reading() as connection:
            return judged_configurations.settings_of_configurations(connection, sweep_id, hashes)

    def verdict_over_repeats(self, trial: int) -> tuple[str | None, int]:
        """The verdict on the configuration of a trial, and its number of completed repeats."""
        with self._reading() as connection:
            return trial_facts.verdict_over_repeats(connection, trial)

    def settings_of_trials(self, trials: Sequence[int]) -> dict[int, Row]:
        """The settings of the configurations of these trials, by trial number."""
        with self._reading() as connection:
            return trial_facts.settings_of_trials(connection, trials)

    def fit_with_errors(self, trial: int) -> tuple[Fit, Row] | None:
        with self._reading() as connection:
            return trial_facts.fit_with_errors(connection, trial)

    def kept_parameters(self, trial: int, epoch: int) -> np.ndarray | None:
        with self._reading() as connection:
            return lookups.kept_parameters(connection, trial, epoch)

    def data_content(self, sweep: str | int) -> bytes | None:
        """The stored content of a sweep's data set; None unless the data came from memory."""
        with self._reading() as connection:
            return lookups.data_content(connection, str(sweep))

    def draw_fingerprints(self, sweep_id: int) -> dict[int, str]:
        """The fingerprints of the examples of those repeats of a sweep that have others than its data set."""
        with self._reading() as connection:
            return lookups.draw_fingerprints(connection, sweep_id)

    def preprocessing(self, trial: int) -> dict[str, Any]:
        with self._reading() as connection:
            return lookups.preprocessing(connection, trial)

    def pending_groups(self, sweep_id: int) -> list[Row]:
        return self._with_retries(lambda connection: pending.pending_groups(connection, sweep_id))

    def pending_numbers(self, sweep_id: int, group: Row, *, limit: int | None = None) -> np.ndarray:
        return self._with_retries(lambda connection: pending.pending_numbers(connection, sweep_id, group, limit))

    def planned(self, trials: Sequence[int]) -> list[Row]:
        return self._with_retries(lambda connection: pending.planned(connection, trials))

    def has_due_rungs(self, sweep_id: int) -> bool:
        """Whether a rung has been reached by all trials that were to reach it."""
        return bool(self._with_retries(lambda connection: rungs.due_rungs(connection, sweep_id)))

    def legs(self, trials: Sequence[int]) -> dict[int, int | None]:
        return self._with_retries(lambda connection: pending.legs(connection, trials))

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
