"""A limit for the values on a page of a large sweep, estimated from a sample of its trials.

A page sorted by E_v needs the twenty smallest values of a million. Without a limit, the database keeps replacing
candidates throughout the scan. With one, it only has to skip the trials whose value is beyond it. The page is the same
as long as there are enough trials within the limit.
"""

import math

import sqlalchemy as sa
from fitgap.runner.store.schema.tables import trial
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

# In smaller tables any plan is fast.
MANY_TRIALS = 50_000
SAMPLES = 250
# The fractional parts of multiples of the golden ratio are spread evenly and, unlike repeats, have no period.
SPREAD = (math.sqrt(5) - 1) / 2
# The limit admits this many more sampled trials than expected, plus this many standard deviations, so that it is
# practically never too tight.
MORE, DEVIATIONS = 8, 5


def limit_of(
    connection: Connection, value: sa.Column, among: sa.Select, *, is_descending: bool, rows: int
) -> ColumnElement[bool] | None:
    """A condition that very probably holds for the first `rows` trials in the order of `value`, and for few others.

    `value` is a column of `trial` with numbers, `among` a query for it over the trials to be sorted. None if there are
    few trials, or if the sample is inconclusive.
    """
    highest = connection.execute(sa.select(sa.func.max(trial.c.id))).scalar_one() or 0
    if highest < MANY_TRIALS:
        return None
    sample = among.where(trial.c.id.in_(sampled_ids(highest)), value.is_not(None))
    values = sorted(connection.execute(sample).scalars(), reverse=is_descending)
    expected = rows * SAMPLES / highest
    place = math.ceil(expected + DEVIATIONS * math.sqrt(expected)) + MORE
    if place >= len(values) / 2:
        return None
    return value >= values[place] if is_descending else value <= values[place]


def sampled_ids(highest: int) -> list[int]:
    """Ids of trials among 1 … highest, at most `SAMPLES`."""
    return sorted({1 + int(highest * (number * SPREAD % 1)) for number in range(SAMPLES)})
