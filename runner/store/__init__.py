"""The store: sweeps, trials and epochs in an SQL database.

No other package opens connections to the database.
"""

from fitgap.runner.store.compare.completed_trials import is_metric
from fitgap.runner.store.compare.configuration_pages import (
    ROW_KEYS,
    SETTINGS,
    ConfigurationPage,
    ConfigurationQuery,
)
from fitgap.runner.store.compare.floor import SweepFloor
from fitgap.runner.store.database.errors import TemporaryStoreError
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trial_numbers import CONFIGURATION_SETTINGS
from fitgap.runner.store.read.trial_numbers import WORDS as TRIAL_WORDS
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.schema.result_keys import EPOCH, METRIC, TRIAL
from fitgap.runner.store.store import Store, open_store, open_store_for_writing
from fitgap.runner.store.write.claims import DriverIdentity, OtherDriver
from fitgap.runner.store.write.delete import Deletion
from fitgap.runner.store.write.extend import SweepExtension
from fitgap.runner.store.write.generations import Generation
from fitgap.runner.store.write.session import DriverSession
from fitgap.runner.store.write.sweeps import SweepPlan

__all__ = [
    "CONFIGURATION_KEYS",
    "CONFIGURATION_SETTINGS",
    "EPOCH_KEYS",
    "METRIC_KEYS",
    "SETTING_KEYS",
    "TRIAL_KEYS",
    "TRIAL_WORDS",
    "ConfigurationPage",
    "ConfigurationQuery",
    "Deletion",
    "DriverIdentity",
    "DriverSession",
    "Generation",
    "OtherDriver",
    "Row",
    "Store",
    "SweepExtension",
    "SweepFloor",
    "SweepPlan",
    "TemporaryStoreError",
    "TrialQuery",
    "is_metric",
    "open_store",
    "open_store_for_writing",
]

# The keys of trial and epoch rows, in order.
TRIAL_KEYS = tuple(TRIAL)
EPOCH_KEYS = tuple(EPOCH)
# The columns that a page of configurations can show: settings, results and metrics.
SETTING_KEYS, CONFIGURATION_KEYS, METRIC_KEYS = tuple(SETTINGS), ROW_KEYS, tuple(METRIC)
