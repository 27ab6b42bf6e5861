"""The table `search`: what is searched, what is cached, and what counts as a difference. No test checks which method
wins.
"""

import math
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.network_shape import dense_network
from fitgap.runner.search import proposals
from fitgap.runner.search.generations import METHODS
from support.sampling import at_night

from benchmarks.ours.searching import outcomes, sweep_of
from benchmarks.peers import PEERS, optuna_samplers
from benchmarks.search import runs
from benchmarks.search.contests import CONTESTS, Contest
from benchmarks.search.contests import PEERS as RIVALS
from benchmarks.search.digits_front import WORST_ERROR, DigitsFront, covered
from benchmarks.search.digits_table import (
    ARCHITECTURES,
    BATCH_SIZES,
    PARAMETERS,
    RATES,
    SHAPE,
    DigitsTable,
    rates,
    recorded,
)
from benchmarks.search.judgement import Estimate, judged
from benchmarks.search.problem import NUMBER, OPTION, WHOLE, Coordinate, Outcome, lowest_so_far, position
from benchmarks.search.problems import PROBLEMS, problem_of
from benchmarks.search.runs import OURS, KnownRuns, Run
from benchmarks.search.table import of_contest
from benchmarks.search.text import as_text, summary

WHAT = {"problem": "p", "method": "m", "generation": 8, "peer": "optuna-gp", "sampler": "gp", "trials": 30}

AXES = {
    "optimizer": [{"adam": {"rate": {"range": [0.1, 1.1], "scale": "linear"}}}],
    "batch_size": ["1..5"],
}


class Bowl:
    """A problem with a number and an integer, whose lowest error is known."""

    name, measure, objectives = "bowl", "error", 1
    coordinates = (Coordinate(NUMBER), Coordinate(WHOLE, 5))
    axes = AXES

    def values(self, configuration):
        return configuration.optimizer.variant.rate - 0.1, configuration.batch_size - 1

    def outcome(self, values):
        return Outcome((values[0] - 0.3) ** 2 + (values[1] - 3) ** 2)

    def scores(self, outcomes):
        return list(lowest_so_far(outcomes))


@pytest.mark.parametrize(("generation", "method"), [(1, "tpe"), (8, "tpe"), (8, "cmaes"), (3, "gp"), (1, "random")])
def test_a_search_has_as_many_outcomes_as_trials_and_repeats(generation, method):
    found = outcomes(Bowl(), method, generation, 1, 20)
    assert len(found) == 20 and found == outcomes(Bowl(), method, generation, 1, 20)
    assert found != outcomes(Bowl(), method, generation, 2, 20)


def test_the_first_generation_is_that_of_a_sweep():
    sweep = sweep_of(Bowl(), "tpe", 8, 5, 20)
    expected = [
        Bowl().outcome(Bowl().values(each.configuration)) for each in proposals(sweep, [], (), generation=0, count=8)
    ]
    assert outcomes(Bowl(), "tpe", 8, 5, 20)[:8] == expected


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "nsga2"])
def test_samplers_of_a_peer_stay_in_the_space_and_repeat(sampler):
    class Watched(Bowl):
        def outcome(self, values):
            assert 0 <= values[0] <= 1 and values[1] in range(5)
            return super().outcome(values)

    found = optuna_samplers.outcomes(Watched(), sampler, 3, 14)
    assert len(found) == 14 and found == optuna_samplers.outcomes(Watched(), sampler, 3, 14)


def test_recorded_networks_are_found_by_their_settings():
    """Each recorded rate is in the part of the range that is looked up for it, for the configurations of a sweep."""
    for optimizer, ends in RATES.items():
        shares = [math.log(rate / ends[0]) / math.log(ends[1] / ends[0]) for rate in rates(optimizer)]
        assert [position(share, len(shares)) for share in shares] == list(range(len(shares)))
    problem = DigitsTable()
    sweep = sweep_of(problem, "tpe", 8, 0, 8)
    for each in proposals(sweep, [], (), generation=0, count=8):
        configuration, values = each.configuration, problem.values(each.configuration)
        assert ARCHITECTURES[values[0]] == "-".join(map(str, configuration.architecture))
        assert BATCH_SIZES[values[5]] == configuration.batch_size
        low, high = RATES[configuration.optimizer.name]
        assert low * (high / low) ** values[4] == pytest.approx(configuration.optimizer.variant.rate)
        places = (*values[:4], int(values[4] * SHAPE[4]), values[5])
        assert problem.outcome(values).error == recorded()[places]


def test_peers_choose_an_architecture_from_a_list_as_our_methods_do():
    """Even though there are as many architectures as recorded rates."""
    kinds = [each.kind for each in DigitsTable().coordinates]
    assert kinds == [OPTION, OPTION, OPTION, OPTION, NUMBER, OPTION]


def test_the_table_of_digits_is_whole():
    """No network is missing, and the settings matter: the best network is far better than most."""
    errors = recorded()
    assert errors.shape == SHAPE and np.isfinite(errors).mean() > 0.99
    assert 0 < errors.min() < np.median(errors) / 2


def test_a_front_is_what_no_network_beats_in_both_objectives():
    """By hand for three sizes; and with the best network of each size, the front is complete."""
    lowest = {100: 0.25, 200: 0.15, 400: 0.2}
    strips = {100: 0.25, 200: 0.15, 400: 0.15}
    assert covered(lowest) == pytest.approx(sum((WORST_ERROR - error) / WORST_ERROR for error in strips.values()) / 3)
    assert covered(dict.fromkeys(lowest, math.inf)) == covered(dict.fromkeys(lowest, 2.0)) == 0
    problem = DigitsFront()
    errors = recorded().reshape(len(PARAMETERS), -1).min(axis=1)
    found = problem.scores([Outcome(float(error), size) for error, size in zip(errors, PARAMETERS, strict=True)])
    assert found == sorted(found, reverse=True) and found[0] > 0.1 and found[-1] == 0


def test_networks_of_the_front_have_the_numbers_of_parameters_that_the_program_counts():
    networks = [dense_network((64, *map(int, each.split("-")), 10)) for each in ARCHITECTURES]
    assert [each.parameter_count for each in networks] == list(PARAMETERS)


@pytest.mark.parametrize("generation", [at_night(1), 8])
def test_a_search_with_two_objectives_finds_more_of_the_front_than_chance(generation):
    """For our method, after 300 trials with the same seeds; the peers' results are not tested."""
    problem = DigitsFront()
    found = [problem.scores(outcomes(problem, "nsga2", generation, seed, 300))[-1] for seed in range(3)]
    drawn = [problem.scores(outcomes(problem, "random", 1, seed, 300))[-1] for seed in range(3)]
    assert np.mean(found) < np.mean(drawn)


def test_differences_are_judged_by_their_standard_errors():
    """By hand: differences -3, -1, -2 have the mean -2 and the standard error 1 / sqrt(3)."""
    row = judged([1, 2, 3], [4, 3, 5], **WHAT)
    assert (row.ours, row.theirs.mean, row.verdict) == (Estimate(2, 1 / math.sqrt(3)), 4, "better")
    assert row.difference == Estimate(-2, pytest.approx(1 / math.sqrt(3)))
    assert judged([4, 3, 5], [1, 2, 3], **WHAT).verdict == "worse"
    assert judged([1, 9, 3], [4, 3, 5], **WHAT).verdict == "no difference"
    assert judged([1, 1], [1, 1], **WHAT).verdict == "no difference"
    assert row.plain()["difference_error"] == row.difference.error


def test_rows_are_written_and_counted():
    rows = [judged([1, 2, 3], [4, 3, 5], **WHAT), judged([1, 9, 3], [4, 3, 5], **WHAT)]
    assert " ".join(as_text(rows).splitlines()[1].split()) == "p 30 m 8 optuna gp 2 ± 0.58 4 ± 0.58 -2 ± 0.58 better"
    assert summary(rows).splitlines()[1].split() == ["m", "optuna", "gp", "8", "2", "1", "1", "0"]


def test_what_is_known_does_not_run_again(tmp_path, monkeypatch):
    """Unless the code or a version has changed."""
    made = []
    monkeypatch.setattr(Run, "scores", lambda run: made.append(run) or [3.0, 2.5])
    run, path = Run("digits", OURS, "tpe", 8, 0, 2), tmp_path / "folder" / "runs.jsonl"
    for _ in range(2):
        assert KnownRuns(path).scores(run) == [3.0, 2.5]
    assert made == [run]
    monkeypatch.setattr(runs, "made_by", lambda who, method, problem: "other code")
    assert KnownRuns(path).scores(run) == [3.0, 2.5]
    assert made == [run, run]


def test_a_contest_gives_a_row_for_every_generation_and_budget(tmp_path):
    contest = Contest("random", "optuna", "random", generations=(1, 8), budgets=(4, 9))
    rows = list(of_contest("digits", contest, KnownRuns(tmp_path / "runs.jsonl"), 2, lambda line: None))
    assert [(row.generation, row.trials, row.seeds) for row in rows] == [(1, 4, 2), (1, 9, 2), (8, 4, 2), (8, 9, 2)]
    assert all(rows[place + 1].ours.mean <= rows[place].ours.mean for place in (0, 2))


def test_all_that_is_compared_exists():
    assert set(RIVALS) <= set(PEERS) and set(RIVALS) == set(runs.PEERS) == {each.peer for each in CONTESTS}
    assert all(
        each.method in (*METHODS, "random", "sobol") and set(each.problems) <= set(PROBLEMS) for each in CONTESTS
    )
    assert problem_of("digits", 0).name == "digits" and Path(runs.ROOT / "runner" / "search").is_dir()
