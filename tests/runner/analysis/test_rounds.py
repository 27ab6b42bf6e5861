"""Rounds of repeats: which configurations get the next one, and how often a wrong one is called the best."""

import numpy as np
import pytest
from fitgap.runner.analysis.block_variances import Spreads, variances_of
from fitgap.runner.analysis.rounds import Outcome, Results, Rounds, first_to_repeat, share_of_look
from support.sampling import at_night


def results(values, outcomes=None):
    """Results in which all trials completed, or ended as `outcomes` says."""
    outcomes = np.full(values.shape, Outcome.COMPLETED) if outcomes is None else outcomes
    return Results(outcomes, np.where(outcomes == Outcome.COMPLETED, values, np.nan), values)


def played(rounds, values):
    """The final standing and the outcomes if every round trains all trials that it requests."""
    outcomes = np.full(values.shape, Outcome.ABSENT)
    outcomes[:, : rounds.least] = Outcome.COMPLETED
    while not (standing := rounds.standing(results(values, outcomes))).is_over:
        assert standing.missing == sorted(standing.missing), "in the order of the plan"
        for configuration, repeat in standing.missing:
            assert outcomes[configuration, repeat - 1] == Outcome.ABSENT
            outcomes[configuration, repeat - 1] = Outcome.COMPLETED
    return standing, outcomes


def apart(best=(), rest=(), *, repeats=8, seed=1):
    """Errors of configurations with these means: unit noise, and larger effects of the repeats that all share."""
    rng = np.random.default_rng(seed)
    means = np.array([*best, *rest], float)
    return means[:, None] + rng.normal(size=(len(means), repeats)) + 5 * rng.normal(size=repeats)


def test_shares_of_the_looks_add_up_to_one():
    shares = [share_of_look(look) for look in range(1, 10_000)]
    assert sum(shares) < 1 and sum(shares) == pytest.approx(1, abs=1e-3)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("least", [1, 2, 3])
def test_what_is_clearly_worse_gets_no_further_repeats_and_the_best_is_found(least):
    values = apart([0, 30], [200, 210, 220, 230, 240, 250])
    standing, outcomes = played(Rounds(least, 8, 0.95), values)
    assert standing.within_reach == [0] and standing.contenders >= 1
    counts = (outcomes == Outcome.COMPLETED).sum(axis=1)
    assert standing.repeats == counts.max() < 8
    assert counts[2:].max() <= max(3, least)


@pytest.mark.parametrize("least", [1, 2, 4])
def test_what_cannot_be_told_apart_has_all_repeats(least):
    values = apart([0, 0.01, 0.02], [1000, 1100, 1200, 1300])
    standing, outcomes = played(Rounds(least, 6, 0.95), values[:, :6])
    assert set(standing.within_reach) == {0, 1, 2} and standing.repeats == 6
    assert (outcomes[:3] == Outcome.COMPLETED).all()
    means = values[:3, :6].mean(axis=1)
    assert standing.within_reach == np.argsort(means).tolist(), "what looks best comes first"


def test_with_one_repeat_the_better_half_shows_how_much_repeats_vary():
    """Then the others within reach get a second repeat; a configuration that is far behind keeps one."""
    values = apart(rest=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 900])
    rounds, outcomes = Rounds(1, 3, 0.95), np.full((8, 8), Outcome.ABSENT)
    outcomes[:, 0] = Outcome.COMPLETED
    first = rounds.standing(results(values, outcomes))
    ranked = np.argsort(values[:, 0])
    assert first.missing == [(each, 2) for each in sorted(ranked[:4].tolist())]
    for place, repeat in first.missing:
        outcomes[place, repeat - 1] = Outcome.OPEN
    assert rounds.standing(results(values, outcomes)).missing == []
    outcomes[outcomes == Outcome.OPEN] = Outcome.COMPLETED
    then = rounds.standing(results(values, outcomes))
    assert then.missing == [(each, 2) for each in sorted(ranked[4:7].tolist())]
    with_two = sorted(ranked[:4].tolist(), key=lambda place: values[place, :2].mean())
    assert then.within_reach == [*with_two, *ranked[4:7].tolist()], "what looks best comes first"
    assert then.within_reach != sorted(then.within_reach)


@pytest.mark.parametrize(("count", "first"), [(1, 1), (2, 2), (3, 2), (4, 2), (5, 3), (48, 24)])
def test_at_least_two_show_it(count, first):
    assert first_to_repeat(count) == first


def test_what_follows_does_not_depend_on_when_a_trial_ended():
    """While any trial of a round is open, no further trials are requested."""
    values = apart([0, 1, 2, 3], repeats=4)
    outcomes = np.full((4, 4), Outcome.ABSENT)
    outcomes[:, :2] = Outcome.COMPLETED
    rounds = Rounds(2, 4, 0.95)
    expected = rounds.standing(results(values, outcomes))
    assert expected.missing
    for place in range(4):
        open_ones = outcomes.copy()
        open_ones[place, 1] = Outcome.OPEN
        found = rounds.standing(results(values, open_ones))
        assert (found.missing, found.is_over) == ([], False)


def test_what_was_decided_stays_so_if_more_repeats_are_allowed():
    values = apart([0, 0.5, 1], [6, 7, 8, 9, 10], repeats=9)
    standing, outcomes = played(Rounds(2, 5, 0.95), values)
    assert len(standing.within_reach) > 1
    more = Rounds(2, 9, 0.95).standing(results(values, outcomes))
    assert more.missing == [(each, 6) for each in sorted(standing.within_reach)]


@pytest.mark.parametrize("least", [1, 2, 3])
@pytest.mark.parametrize("repeat", [1, 2, 3])
def test_a_deleted_trial_that_a_look_needs_is_trained_again(least, repeat):
    values = apart([0, 0.01], [1000, 1100])
    rounds = Rounds(least, 6, 0.95)
    standing, outcomes = played(rounds, values[:, :6])
    deleted = outcomes.copy()
    deleted[1, repeat - 1] = Outcome.ABSENT
    found = rounds.standing(results(values[:, :6], deleted))
    assert not found.is_over and found.missing == [(1, repeat)]
    assert rounds.standing(results(values[:, :6], outcomes)) == standing


@pytest.mark.parametrize("least", [1, 2])
def test_what_diverged_or_failed_goes_no_further(least):
    values = apart([0, 0, 0, 0], repeats=4)
    outcomes = np.full(values.shape, Outcome.ABSENT)
    outcomes[:, :least] = Outcome.COMPLETED
    outcomes[0, 0], outcomes[1, 0] = Outcome.DIVERGED, Outcome.LOST
    standing = Rounds(least, 4, 0.95).standing(results(values, outcomes))
    assert {place for place, _ in standing.missing} == {2, 3}
    assert standing.lost == 1, "a failure is no result, but a divergence is one"


@pytest.mark.parametrize(("outcome", "near"), [(Outcome.DIVERGED, []), (Outcome.COMPLETED, [0])])
def test_there_is_nothing_to_compare_with_one_configuration_or_none(outcome, near):
    for least in (1, 2):
        standing = Rounds(least, 4, 0.95).standing(results(np.zeros((1, 4)), np.full((1, 4), outcome)))
        assert (standing.within_reach, standing.missing, standing.is_over) == (near, [], True)


def test_all_are_compared_by_the_same_measure():
    """If the honest error of one configuration is unknown, all are compared by their lowest errors."""
    lowest = apart([0], [50, 60], repeats=2)
    honest = lowest + 100
    assert Rounds(2, 3, 0.95).standing(Results(np.full((3, 2), 2), honest, lowest)).within_reach == [0]
    honest[0, 0] = np.nan
    assert Rounds(2, 3, 0.95).standing(Results(np.full((3, 2), 2), honest, lowest)).within_reach == [0]


def test_variances_are_those_of_a_configuration_by_itself():
    rng = np.random.default_rng(2)
    for together in (2, 3, 12):
        values = 3 * rng.normal(size=(together, 20_000)) + 50 * rng.normal(size=20_000)
        assert variances_of(values).mean() == pytest.approx(9, rel=0.05)


def test_few_that_are_left_are_judged_with_the_experience_of_all():
    rng = np.random.default_rng(3)
    many, few = rng.normal(size=(30, 3)), rng.normal(size=(2, 4))
    spreads = Spreads()
    alone = spreads.with_block(few)
    spreads.keep(variances_of(many), 3, 30)
    together = spreads.with_block(few)
    assert (alone.degrees, together.degrees) == (3, pytest.approx(3 + 58))
    assert together.deviations == pytest.approx([1, 1], rel=0.3)


def equal(count):
    return lambda rng: (np.zeros(count), np.ones(count))


def nearly_equal(count):
    return lambda rng: (np.r_[0, np.full(count - 1, 0.05)], np.ones(count))


def varying(count):
    """Configurations with the same mean error, some of which vary much more than others."""
    return lambda rng: (np.zeros(count), np.exp(0.7 * rng.normal(size=count)))


def two_before_many(count):
    return lambda rng: (np.r_[0, 0.05, 1 + 2 * rng.random(count - 2)], np.ones(count))


CASES = {
    "two equal": equal(2),
    "three equal": equal(3),
    "ten equal": equal(10),
    "nearly equal": nearly_equal(6),
    "varying": varying(10),
    "two before many": two_before_many(22),
}


@pytest.mark.parametrize("until", [0.95, at_night(0.8)])
@pytest.mark.parametrize("least", [1, at_night(2), at_night(3)])
@pytest.mark.parametrize("count", [40, at_night(2000)])
def test_of_equal_configurations_one_is_called_the_best_in_few_sweeps(until, least, count):
    """In at most 1 - `until` of the sweeps, over all looks. The truly best one is lost no more often.

    Judging all results at once gives the same answer as the rounds, which the next test checks.
    """
    rng, rounds = np.random.default_rng(5), Rounds(least, 8, until)
    wrong, lost = dict.fromkeys(CASES, 0), dict.fromkeys(CASES, 0)
    for name, case in CASES.items():
        for _ in range(count):
            means, deviations = case(rng)
            noise = deviations[:, None] * rng.normal(size=(len(means), 8)) + 3 * rng.normal(size=8)
            near = rounds.standing(results(means[:, None] + noise)).within_reach
            is_tie = np.count_nonzero(means == means.min()) > 1
            wrong[name] += len(near) == 1 and (is_tie or near != [0])
            lost[name] += 0 not in near
    print(f"from {least}, until {until}: called the best wrongly {wrong} and lost {lost} of {count}")
    allowed = 1 - until
    most = count * (allowed + 3 * np.sqrt(allowed * (1 - allowed) / count))
    assert max(wrong.values()) <= most and max(lost.values()) <= most


@pytest.mark.parametrize("least", [1, 2, 3])
def test_all_results_at_once_give_the_answer_of_the_rounds(least):
    rng = np.random.default_rng(6)
    for count in (2, 5, 12):
        values = (5 * rng.random(count))[:, None] + rng.normal(size=(count, 6))
        rounds = Rounds(least, 6, 0.9)
        assert played(rounds, values)[0] == rounds.standing(results(values))


def test_a_clear_winner_is_found_in_most_sweeps():
    """The winner's mean is at least two standard deviations below 23 others. All repeats are judged at once."""
    rng, found = np.random.default_rng(7), 0
    for _ in range(30):
        means = np.r_[0, 2 + 10 * rng.random(23)]
        values = means[:, None] + rng.normal(size=(24, 8)) + 3 * rng.normal(size=8)
        found += Rounds(2, 8, 0.95).standing(results(values)).within_reach == [0]
    assert found >= 10
