"""Finding a page through a limit on its values gives the same page as sorting everything."""

from itertools import pairwise

import pytest
import sqlalchemy as sa
from fitgap.runner.store.read import first_page, trials
from fitgap.runner.store.read.trials import TrialQuery
from fitgap.runner.store.schema.tables import trial
from support.sampling import on_sqlite_per_commit

TRIALS, PRIME, TIES = 600, 7_919, 101
SORTS = ("best_e_v", "-best_e_v", "e_v", "-epochs", "e_v,-trial", "verdict,best_e_v", "-gap", "trial")
PAGES = ({"limit": 20}, {"limit": 5, "offset": 40}, {"limit": 50, "offset": TRIALS - 10}, {"limit": 0}, {"offset": 3})
FILTERS = (None, "e_v < 0.5", "e_v < 0.01", "repeat == 1 and learning_rate > 0", "status == 'pending'")
CHOICES = [
    TrialQuery(where=where, sort=sort, columns=("trial",), **page)
    for number, sort in enumerate(SORTS)
    for place, page in enumerate(PAGES)
    for where in (None, FILTERS[(number + place) % len(FILTERS)])
]


@pytest.fixture
def sweep_id(store, make_plan):
    """A sweep with scattered errors, many of them equal, some unknown."""
    number, _ = store.add_sweep(make_plan(TRIALS, 2, name="many"))
    scattered = trial.c.id * PRIME % TIES
    error = sa.case((scattered % 7 == 0, None), else_=sa.cast(scattered, sa.Double) / TIES)
    with store._engine.begin() as connection:
        connection.execute(sa.update(trial).values(e_v=error, e_t=0.5, best_e_v=1 - error, epochs=scattered % 5))
    return number


@pytest.fixture
def connection(store):
    with store._engine.connect() as connection:
        yield connection


@on_sqlite_per_commit
def test_every_page_is_the_same_with_a_limit(sweep_id, connection, monkeypatch):
    by_sorting = [trials.trials(connection, sweep_id, choice) for choice in CHOICES]
    limits = []
    find = trials.limit_of
    monkeypatch.setattr(trials, "limit_of", lambda *a, **b: limits.append(find(*a, **b)) or limits[-1])
    monkeypatch.setattr(first_page, "MANY_TRIALS", 0)
    assert [trials.trials(connection, sweep_id, choice) for choice in CHOICES] == by_sorting
    assert any(limit is not None for limit in limits) and any(limit is None for limit in limits)


def test_a_limit_that_is_too_tight_does_no_harm(sweep_id, connection, monkeypatch):
    choice = TrialQuery(sort="best_e_v", limit=20, columns=("trial", "best_e_v"))
    by_sorting = trials.trials(connection, sweep_id, choice)
    monkeypatch.setattr(trials, "limit_of", lambda *_, **__: trial.c.best_e_v <= by_sorting[3]["best_e_v"])
    assert trials.trials(connection, sweep_id, choice) == by_sorting


def test_a_limit_leaves_few_trials_but_enough(sweep_id, connection, monkeypatch):
    monkeypatch.setattr(first_page, "MANY_TRIALS", 0)
    among = sa.select(trial.c.best_e_v)
    for is_descending in (False, True):
        within = first_page.limit_of(connection, trial.c.best_e_v, among, is_descending=is_descending, rows=20)
        found = connection.execute(sa.select(sa.func.count()).where(within)).scalar_one()
        assert 20 <= found < TRIALS / 4


@pytest.mark.parametrize("highest", [1, 2, 249, 10**6, 10**9])
def test_sampled_numbers_are_spread_over_the_table_without_a_period(highest):
    found = first_page.sampled_ids(highest)
    assert found[0] >= 1 and found[-1] <= highest
    if highest >= 10**6:
        assert len(found) == first_page.SAMPLES
        for period in (5, 10, 1000):
            # Repeats of a configuration have adjacent numbers.
            assert len({number % period for number in found}) >= min(0.9 * period, 150)
        assert max(later - before for before, later in pairwise(found)) < 4 * highest / len(found)
