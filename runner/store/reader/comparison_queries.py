"""Queries that compare: groups, configurations and their settings, importance."""

from collections.abc import Sequence

from fitgap.runner.store.compare import (
    axis_columns,
    configuration_pages,
    groups,
    importance,
    judged_configurations,
    leaderboard,
    trial_facts,
)
from fitgap.runner.store.compare.configuration_pages import ConfigurationPage, ConfigurationQuery
from fitgap.runner.store.compare.groups import GroupComparison
from fitgap.runner.store.compare.importance import Scale
from fitgap.runner.store.read import lookups, trials
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.reader.open_database import OpenDatabase


class ComparisonQueries(OpenDatabase):
    """Groups, configurations and settings, compared."""

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
        """A value that changes whenever results of a sweep change; cheap to read, however large the sweep is."""
        with self._reading() as connection:
            return configuration_pages.state_of(connection, sweep_id)

    def varying_axes(self, sweep_id: int) -> list[str]:
        """The axes in which the configurations of a sweep differ, in the order of the sweep file."""
        with self._reading() as connection:
            return axis_columns.axes_of(connection, sweep_id)

    def varying_keys(self, sweep_id: int) -> list[str]:
        """The axes in which the configurations differ, by their keys in query results."""
        return [axis_columns.KEY.get(axis, axis) for axis in self.varying_axes(sweep_id)]

    def varying_settings(self, trial: int) -> Row:
        """The settings of a trial that vary in its sweep, by their keys in query results."""
        with self._reading() as connection:
            return axis_columns.settings_along_axes(connection, trial)

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

    def trials_of_configuration(self, sweep_id: int, configuration_hash: str) -> list[int]:
        with self._reading() as connection:
            return judged_configurations.trials_of_configuration(connection, sweep_id, configuration_hash)

    def settings_of_configurations(self, sweep_id: int, hashes: Sequence[str]) -> dict[str, Row]:
        with self._reading() as connection:
            return judged_configurations.settings_of_configurations(connection, sweep_id, hashes)

    def settings_of_trials(self, trials: Sequence[int]) -> dict[int, Row]:
        """The settings of the configurations of these trials, by trial number."""
        with self._reading() as connection:
            return trial_facts.settings_of_trials(connection, trials)
