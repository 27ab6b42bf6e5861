"""Generations of a search are written completely, and only once, by the first driver."""

from dataclasses import replace

from fitgap.runner.messages import Block, TrialEnd
from fitgap.runner.store import Generation
from fitgap.runner.store.read.proposals import ProposalCounts, mean_of, proposal_counts
from fitgap.runner.trial_status import Status


def configurations(make_configuration, *numbers):
    return [{**make_configuration(number), "proposal": [number / 10, None]} for number in numbers]


def test_the_second_of_two_writers_of_a_generation_finds_it_there(store, identity, make_plan, make_configuration):
    sweep, _ = store.add_sweep(make_plan(configurations(make_configuration, 1, 2), repeats=2))
    one, other = store.begin_driver(identity), store.begin_driver(identity)
    next_one = Generation(2, configurations(make_configuration, 3, 4, 5))
    assert one.add_generation(sweep, next_one) == 6
    assert other.add_generation(sweep, next_one) == 0
    assert other.add_generation(sweep, Generation(5, [])) == 0
    assert [row["point"] for row in store.proposals(sweep)] == [[number / 10, None] for number in range(1, 6)]
    assert len(store.trials(sweep)) == 10
    assert [row["trial"] for row in store.trials(sweep)] == list(range(1, 11))


def test_a_proposal_is_settled_when_its_trials_and_those_before_have_ended(
    store, identity, make_plan, make_configuration
):
    sweep, _ = store.add_sweep(make_plan(configurations(make_configuration, 1, 2, 3), repeats=2))
    driver = store.begin_driver(identity)
    assert store.proposal_counts(sweep) == ProposalCounts(3, 0)

    def end(trial, **numbers):
        driver.claim([trial])
        driver.record(Block(None, (TrialEnd(trial, numbers.pop("status", Status.COMPLETED), **numbers),)))

    end(3, best_e_v=9.0)
    end(4, best_e_v=9.0)
    assert store.proposal_counts(sweep) == ProposalCounts(3, 0)
    end(1, best_e_v=9.0, honest_e_v=0.5)
    end(2, best_e_v=0.25)
    assert store.proposal_counts(sweep) == ProposalCounts(3, 2)
    end(5, status=Status.DIVERGED)
    end(6, best_e_v=0.25)
    assert store.proposal_counts(sweep) == ProposalCounts(3, 3)
    assert [row["error"] for row in store.proposals(sweep)] == [0.375, 9.0, None]


def test_a_pruned_proposal_has_the_error_at_its_rung(store, identity, make_plan, make_configuration):
    """Even if a stopping rule ended one of its repeats earlier; but if one failed, it has no error."""
    specification = {"search": {"method": "tpe", "generation": 2}, "halving": {"first": 1}}
    plan = make_plan(configurations(make_configuration, 1, 2, 3), repeats=2)
    sweep, _ = store.add_sweep(replace(plan, specification=specification))
    driver = store.begin_driver(identity)
    driver.claim(list(range(1, 7)))
    numbers = {"best_e_v": 0.0, "honest_e_v": 0.0}
    ends = [
        TrialEnd(1, Status.PRUNED, e_v=0.5, **numbers),
        TrialEnd(2, Status.COMPLETED, e_v=0.25, **numbers),
        TrialEnd(3, Status.PRUNED, e_v=0.5, **numbers),
        TrialEnd(4, Status.FAILED, "no memory"),
        TrialEnd(5, Status.COMPLETED, best_e_v=0.75),
        TrialEnd(6, Status.COMPLETED, best_e_v=0.25),
    ]
    driver.record(Block(None, tuple(ends)))
    rows = store.proposals(sweep)
    assert [(row["error"], row["rung"]) for row in rows] == [(0.375, 1), (None, None), (0.5, None)]


def test_a_generation_that_is_added_while_proposals_are_counted_is_not_settled(
    store, identity, make_plan, make_configuration
):
    """Each statement may see more than the one before, as on PostgreSQL."""
    sweep, _ = store.add_sweep(make_plan(configurations(make_configuration, 1, 2), repeats=1))
    driver = store.begin_driver(identity)
    driver.claim([1, 2])
    driver.record(Block(None, tuple(TrialEnd(trial, Status.COMPLETED, best_e_v=0.5) for trial in (1, 2))))
    later = iter(
        [Generation(2, configurations(make_configuration, 3)), Generation(3, configurations(make_configuration, 4))]
    )

    class Meanwhile:
        def execute(self, statement):
            with store._reading() as connection:
                found = connection.execute(statement).freeze()
            assert driver.add_generation(sweep, next(later)) == 1
            return found()

    assert proposal_counts(Meanwhile(), sweep) == ProposalCounts(2, 2)


def test_means_do_not_depend_on_the_order():
    errors = [0.1, 1e16, 0.2, -1e16, 0.3]
    assert mean_of(errors) == mean_of(sorted(errors)) == mean_of(errors[::-1]) == 0.12
    assert mean_of([]) is None and mean_of([0.5, None]) is None
