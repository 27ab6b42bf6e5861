"""How a page of trials is found depends on the size of the sweep and on the query; its content does not."""

import pytest
import sqlalchemy as sa
from fitgap.runner.store.filter import known_names
from fitgap.runner.store.read import trials
from fitgap.runner.store.read.trials import UNSORTED, TrialQuery, chosen_trials, is_of_sweep, order_by, page_query
from fitgap.runner.store.schema.tables import trial

CHOICES = [
    TrialQuery(sort=name, limit=5, offset=2) for name in ("trial", "-trial", "best_e_v", "-e_v", "architecture")
] + [
    TrialQuery(where=where, sort=sort, limit=5)
    for sort in ("trial", "-verdict,batch_size")
    for where in ("e_v < 0.5", "batch_size > 1", "optimizer.rate < 1 and 'x' not in tags", "status == 'pending'")
]


@pytest.fixture
def two_sweeps(store, make_plan):
    """The numbers of a sweep that has three quarters of all trials, and of one that has the rest."""
    return [store.add_sweep(make_plan(count, 2, name=f"of {count}"))[0] for count in (6, 2)]


@pytest.fixture
def connection(store):
    with store._engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_the_page_is_the_same_by_either_way(choice, two_sweeps, connection, monkeypatch):
    by_index = [trials.trials(connection, sweep_id, choice) for sweep_id in two_sweeps]
    monkeypatch.setattr(trials, "FEW_TRIALS", 0)
    assert [trials.trials(connection, sweep_id, choice) for sweep_id in two_sweeps] == by_index


def test_only_a_sweep_with_most_of_a_large_table_is_read_without_its_index(two_sweeps, connection, monkeypatch):
    def reads_all():
        return ["+" in str(is_of_sweep(connection, number).compile(connection)) for number in two_sweeps]

    assert reads_all() == [False, False]
    monkeypatch.setattr(trials, "FEW_TRIALS", 0)
    # PostgreSQL decides for itself.
    assert reads_all() == [connection.dialect.name == "sqlite", False]


def test_the_first_page_of_a_large_sweep_reads_no_more_than_its_rows(two_sweeps, connection, monkeypatch):
    """SQLite neither sorts all rows nor uses an index. (PostgreSQL decides by its statistics.)"""
    monkeypatch.setattr(trials, "FEW_TRIALS", 0)
    if connection.dialect.name == "sqlite":
        query = page_query(connection, two_sweeps[0], TrialQuery(limit=20, columns=["trial"]))
        text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row.detail for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
        assert "SCAN trial" in plan and not any("B-TREE" in step for step in plan)


def test_configurations_are_joined_where_they_are_asked_for_and_only_there(connection):
    """Using the table without joining it would give every pair of rows."""
    for name in set(known_names()) - set(UNSORTED):
        order = order_by(name, ())
        mentioned = "configuration." in str(sa.select(*order).compile(connection))
        query = chosen_trials(connection, 1, None, [trial.c.id], order)
        assert ("trial JOIN configuration" in str(query.compile(connection))) == mentioned, name
