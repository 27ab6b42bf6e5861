"""The store: sweeps, trials and epochs in an SQL database.

No other package opens connections to the database.
"""

from fitgap.runner.store.compare.floor import SweepFloor
from fitgap.runner.store.read.lookups import Row
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.schema.result_keys import EPOCH, TRIAL
from fitgap.runner.store.store import Store, open_store, open_store_for_writing
from fitgap.runner.store.write.claims import DriverIdentity, OtherDriver
from fitgap.runner.store.write.delete import Deletion
from fitgap.runner.store.write.extend import SweepExtension
from fitgap.runner.store.write.session import DriverSession
from fitgap.runner.store.write.sweeps import SweepPlan

__all__ = [
    "EPOCH_KEYS",
    "TRIAL_KEYS",
    "Deletion",
    "DriverIdentity",
    "DriverSession",
    "OtherDriver",
    "Row",
    "Store",
    "SweepExtension",
    "SweepFloor",
    "SweepPlan",
    "TrialQuery",
    "open_store",
    "open_store_for_writing",
]

# The keys of trial and epoch rows, in order.
TRIAL_KEYS = tuple(TRIAL)
EPOCH_KEYS = tuple(EPOCH)
