"""Brackets as parts of the plan: the configurations of each, and the rung to which they train first."""

import pytest
from fitgap.runner.spec import HyperbandSettings
from fitgap.runner.store.read.brackets import brackets_of, epochs_at_most
from fitgap.runner.store.schema.tables import configuration, trial
from support.databases.plain_plans import plain_configuration, plain_plan

# The epochs of eleven configurations. They follow another sweep, so ids differ from positions in the plan.
EPOCHS = [9, 3, 9, 9, 3, 9, 9, 9, 9, 3, 9]
HYPERBAND = {"hyperband": {"first": 1}, "search": {"method": "random", "trials": 22}}
GENERATIONS = {"halving": {"first": 3}, "search": {"method": "tpe", "trials": 22, "generation": 4}}


@pytest.fixture
def added(store):
    """`added(specification)`: the number of a sweep, and the ids of its configurations."""

    def add(specification):
        store.add_sweep(plain_plan(3))
        rows = [plain_configuration(number, planned_epochs=epochs) for number, epochs in enumerate(EPOCHS)]
        sweep, _ = store.add_sweep(
            plain_plan(rows, repeats=2, specification={"name": "plan", "seed": 0, **specification})
        )
        store.add_sweep(plain_plan(2))
        with store._reading() as connection:
            query = configuration.select().where(configuration.c.sweep_id == sweep).order_by(configuration.c.id)
            return sweep, [row.id for row in connection.execute(query)]

    return add


def found_in(store, sweep, ids):
    """The positions of each bracket in the plan, the first leg of every configuration, and the most epochs in all."""
    with store._reading() as connection:
        brackets = brackets_of(connection, sweep)
        places = [
            [ids.index(row.id) for row in connection.execute(configuration.select().where(each.has)) if row.id in ids]
            for each in brackets
        ]
        legs = {row.configuration_id: row.leg for row in connection.execute(trial.select())}
        return [sorted(each) for each in places], [legs[each] for each in ids], epochs_at_most(connection, sweep)


def test_hyperband_divides_the_plan(store, added):
    sweep, ids = added(HYPERBAND)
    # In the proportions of 9, 5 and 3.
    assert HyperbandSettings(1).sizes(11, 9) == [6, 3, 2]
    places, legs, epochs = found_in(store, sweep, ids)
    assert places == [[0, 1, 2, 3, 4, 5], [6, 7, 8], [9, 10]]
    assert legs == [1] * 6 + [3] * 3 + [None, None]
    # First bracket: four configurations of nine epochs, two of three. Second: three of nine. Third: one of each, not
    # pruned.
    assert epochs == 2 * ((4 + 1 * 2 + 1 * 6) + (2 + 1 * 2) + (9 + 1 * 6) + 3 + 9)


def test_a_generation_is_a_bracket(store, added):
    sweep, ids = added(GENERATIONS)
    places, legs, epochs = found_in(store, sweep, ids)
    assert places == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert legs == [None if epochs == 3 else 3 for epochs in EPOCHS]
    assert epochs == 2 * ((9 + 6 + 3) + (9 + 6 + 3) + (6 + 6 + 3))


def test_a_sweep_that_does_not_prune_has_none(store, added):
    sweep, _ = added({})
    with store._reading() as connection:
        assert brackets_of(connection, sweep) == []
    assert store.progress(sweep).planned_epochs == 2 * sum(EPOCHS)
