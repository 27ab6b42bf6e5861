"""Rounds of repeats are written completely, and only once, by the first driver."""

from dataclasses import replace

from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import ConfigurationQuery
from fitgap.runner.store.compare.leaderboard import leaders
from fitgap.runner.trial_status import Status

ROUNDS = {"repeats": {"from": 1, "to": 3}}


def begin(store, make_plan, make_configuration, specification=ROUNDS):
    plan = replace(
        make_plan([make_configuration(number) for number in (1, 2, 3)], repeats=3), specification=specification
    )
    return store.add_sweep(plan)[0]


def end(driver, *trials, status=Status.COMPLETED, **numbers):
    driver.claim(list(trials))
    driver.record(Block(None, tuple(TrialEnd(trial, status, **numbers) for trial in trials)))


def test_a_sweep_begins_with_the_repeats_that_all_have(store, make_plan, make_configuration):
    sweep = begin(store, make_plan, make_configuration)
    assert [row["repeat"] for row in store.trials(sweep)] == [1, 1, 1]
    assert store.repeat_count(sweep) == 1


def test_the_second_of_two_writers_of_a_round_finds_it_there(store, identity, make_plan, make_configuration):
    sweep = begin(store, make_plan, make_configuration)
    one, other = store.begin_driver(identity), store.begin_driver(identity)
    assert store.rounds_so_far(sweep) is None, "trials are in training"
    for trial, error in ((1, 0.5), (2, 0.75), (3, 0.25)):
        end(one, trial, best_e_v=error, honest_e_v=error)
    found = store.rounds_so_far(sweep)
    assert (found.missing, found.known) == ([(1, 2), (3, 2)], 3)
    assert one.add_repeats(sweep, found.missing, found.known) == 2
    assert other.add_repeats(sweep, found.missing, found.known) == 0
    assert other.add_repeats(sweep, [], 5) == 0
    rows = [(row["trial"], row["repeat"], row["status"]) for row in store.trials(sweep)]
    assert rows == [*((number, 1, "completed") for number in (1, 2, 3)), (4, 2, "pending"), (5, 2, "pending")]


def test_what_has_shown_so_far_is_told_by_hashes(store, identity, make_plan, make_configuration):
    sweep = begin(store, make_plan, make_configuration)
    driver = store.begin_driver(identity)
    assert store.rounds_answer(sweep) is None
    for trial, error in ((1, 0.5), (2, 0.75)):
        end(driver, trial, best_e_v=error)
    end(driver, 3, status=Status.FAILED)
    hashes = [row["hash"] for row in store.configurations(sweep)]
    assert store.rounds_answer(sweep) == {
        "best": hashes[0],
        "within_reach": hashes[:2],
        "contenders": 2,
        "repeats": 1,
        "confidence": 0.95,
        "not_compared": 1,
        "is_over": False,
    }


def test_sweeps_with_equal_repeats_have_no_rounds(store, make_plan, make_configuration):
    sweep = begin(store, make_plan, make_configuration, {"repeats": 3})
    assert store.rounds_so_far(sweep) is None and store.rounds_answer(sweep) is None
    assert len(store.trials(sweep)) == 9


def test_leaders_are_those_that_have_most_repeats(store, identity, make_plan, make_configuration):
    """Configurations with fewer repeats were worse in the repeats that all have, even if their means are better."""
    sweep = begin(store, make_plan, make_configuration)
    driver = store.begin_driver(identity)
    for trial, error in ((1, 0.3), (2, 0.4), (3, 0.1)):
        end(driver, trial, best_e_v=error, honest_e_v=error)
    driver.add_repeats(sweep, [(1, 2)], 3)
    end(driver, 4, best_e_v=0.9, honest_e_v=0.9)
    hashes = [row["hash"] for row in store.configurations(sweep)]
    with store._reading() as connection:
        assert leaders(connection, sweep, 3, "honest_e_v") == [1, 3, 2]
    page = store.configuration_page(sweep, ["architecture"], ConfigurationQuery())
    assert [row["configuration"] for row in page.rows] == [hashes[0], hashes[2], hashes[1]]
