"""Conditions for trials that train in legs from rung to rung, in sweeps that prune."""

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import state, trial

# Whether a trial has reached its rung; a pending trial then waits there.
has_reached = sa.exists().where(state.c.trial_id == trial.c.id, state.c.epoch >= trial.c.leg)
may_train = sa.or_(trial.c.leg.is_(None), ~has_reached)
