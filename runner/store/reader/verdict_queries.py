"""Queries for verdicts and their basis: counts, judged configurations, references, floors."""

from collections.abc import Sequence

from fitgap.core.fit_verdicts import Fit
from fitgap.core.small_samples import SmallSample
from fitgap.runner.store.compare import judged_configurations, peers, trial_facts, verdict_counts
from fitgap.runner.store.compare.floor import SweepFloor, beside_constants, floor_of_sweep, small_sample_of
from fitgap.runner.store.read import lookups
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.reader.open_database import OpenDatabase


class VerdictQueries(OpenDatabase):
    """Verdicts on trials and configurations."""

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
        """The groups of configurations that verdicts compare with each other; none if all are in one group."""
        with self._reading() as connection:
            return peers.peer_group_rows(connection, sweep_id)

    def small_sample(self, sweep_id: int) -> SmallSample | None:
        with self._reading() as connection:
            return small_sample_of(connection, sweep_id)

    def floor(self, sweep_id: int) -> SweepFloor | None:
        with self._reading() as connection:
            return floor_of_sweep(connection, sweep_id)

    def beside_constants(self, sweep: str, where: str) -> list[Row]:
        """The errors of the trials that match a filter, next to those of a constant prediction."""
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

    def verdict_over_repeats(self, trial: int) -> tuple[str | None, int]:
        """The verdict on the configuration of a trial, and its number of completed repeats."""
        with self._reading() as connection:
            return trial_facts.verdict_over_repeats(connection, trial)

    def fit_with_errors(self, trial: int) -> tuple[Fit, Row] | None:
        with self._reading() as connection:
            return trial_facts.fit_with_errors(connection, trial)
