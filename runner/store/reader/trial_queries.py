"""Queries for sweeps, trials, their epochs and layers, and the data stored to train them again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from fitgap.runner.store.read import confusion, epoch_stream, layers, lookups, trial_numbers, trials
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.reader.open_database import OpenDatabase


class TrialQueries(OpenDatabase):
    """Sweeps, trials, epochs and layers."""

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
        """The rows of `trials` as an iterator; the store cannot be used for anything else until it is exhausted."""
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            yield from trials.each_trial(connection, sweep_id, choice)

    def trial_blocks(self, sweep: str | int, choice: TrialQuery) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of `trials` as lists of tuples in the order of the columns, for reading very many trials."""
        with self._reading() as connection:
            sweep_id = lookups.find_sweep(connection, str(sweep))["id"]
            yield from trials.trial_blocks(connection, sweep_id, choice)

    @contextmanager
    def trial_numbers(
        self, sweep_id: int, settings: Sequence[str], names: Sequence[str]
    ) -> Iterator[tuple[list[tuple[Any, ...]], Iterator[dict[str, np.ndarray]]]]:
        """The settings of a sweep's configurations, and columns of all its trials as numbers, in blocks."""
        with self._reading() as connection:
            rows = trial_numbers.configuration_settings(connection, sweep_id, settings)
            yield rows, trial_numbers.trial_numbers(connection, sweep_id, names)

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
        """The inputs whose values are limited in some repeat of a sweep, and the first examples with limited values."""
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
        """The layers of the completed trials among these."""
        with self._reading() as connection:
            return layers.layers_of_trials(connection, numbers)

    def epoch_blocks(self, what: str | Sequence[int], where: str | None = None) -> Iterator[dict[str, np.ndarray]]:
        """The epochs of a sweep, given by name, or of these trials, as blocks of columns; see `epoch_stream`.

        For a sweep, `where` is a filter for its trials.
        """
        with self._reading() as connection:
            yield from epoch_stream.epoch_blocks(connection, lookups.trial_numbers(connection, what, where))

    def ended_trials(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return lookups.ended_trials(connection, sweep_id)

    def configurations(self, sweep_id: int) -> list[Row]:
        with self._reading() as connection:
            return lookups.configurations(connection, sweep_id)

    def kept_parameters(self, trial: int, epoch: int) -> np.ndarray | None:
        with self._reading() as connection:
            return lookups.kept_parameters(connection, trial, epoch)

    def data_content(self, sweep: str | int) -> bytes | None:
        """The stored content of a sweep's data set; None unless the data came from memory."""
        with self._reading() as connection:
            return lookups.data_content(connection, str(sweep))

    def draw_fingerprints(self, sweep_id: int) -> dict[int, str]:
        """The fingerprints of the examples of those repeats of a sweep whose examples differ from its data set."""
        with self._reading() as connection:
            return lookups.draw_fingerprints(connection, sweep_id)

    def preprocessing(self, trial: int) -> dict[str, Any]:
        with self._reading() as connection:
            return lookups.preprocessing(connection, trial)
