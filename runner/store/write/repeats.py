"""Writing of a round of repeats: its trials, in one transaction, before any of them is trained."""

from collections.abc import Sequence

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import sweep, trial
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection


def add_repeats(connection: Connection, sweep_id: int, trials: Sequence[tuple[int, int]], known: int) -> int:
    """Write pending trials, given by configuration and repeat; returns their number.

    Writes none unless the sweep still has as many trials as when the round was computed (`known`).
    """
    # Two drivers may have computed the same round; the second one waits here and then finds it written.
    connection.execute(sa.select(sweep.c.id).where(sweep.c.id == sweep_id).with_for_update())
    count = sa.select(sa.func.count()).select_from(trial).where(trial.c.sweep_id == sweep_id)
    if not trials or connection.execute(count).scalar_one() != known:
        return 0
    common = {"sweep_id": sweep_id, "status": Status.PENDING.value, "attempt": 0}
    rows = [{**common, "configuration_id": number, "repeat": repeat} for number, repeat in trials]
    connection.execute(sa.insert(trial), rows)
    return len(rows)
