"""Read access to an open database: one method per query, implemented by modules in the subfolders of the store."""

from fitgap.runner.store.reader.comparison_queries import ComparisonQueries
from fitgap.runner.store.reader.progress_queries import ProgressQueries
from fitgap.runner.store.reader.trial_queries import TrialQueries
from fitgap.runner.store.reader.upkeep_queries import UpkeepQueries
from fitgap.runner.store.reader.verdict_queries import VerdictQueries

__all__ = ["StoreReader"]


class StoreReader(TrialQueries, ComparisonQueries, VerdictQueries, ProgressQueries, UpkeepQueries):
    """An open database for queries. The methods return plain rows."""
