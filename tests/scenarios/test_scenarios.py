"""Verdicts on small sweeps in which the answer is known: at least 95 % of them are right.

The known answers themselves are tested by examples that no choice was made with, without the rule.
"""

import pytest
from fitgap.core.fit import Verdict
from support.scenarios.scenarios import SCENARIOS
from support.scenarios.trained import train
from support.scenarios.verdicts import KINDS, REPEATS, SEEDS, of_kind, share_right, truths, verdicts

# They share what takes long to make.
pytestmark = pytest.mark.xdist_group("scenarios")

# See docs/explanation/verdict-accuracy.md: with so few unseen examples, single verdicts are a matter of luck.
HARD = ("noisy points, 15 unseen", "90 examples", "noise, 50 examples")


@pytest.fixture(scope="module")
def few():
    """The outcomes of every scenario with one of the seeds."""
    return {scenario: train(scenario, SEEDS[:1], REPEATS) for scenario in SCENARIOS}


@pytest.fixture(scope="module")
def many():
    """The same with all seeds."""
    return {scenario: train(scenario, SEEDS, REPEATS) for scenario in SCENARIOS}


def judged(outcomes, repeats):
    return {scenario: list(verdicts(scenario, trained, repeats)) for scenario, trained in outcomes.items()}


def everything(judged_by_scenario):
    return [each for some in judged_by_scenario.values() for each in some]


@pytest.mark.parametrize("repeats", [1, REPEATS])
def test_most_verdicts_are_right(few, repeats):
    some = everything(judged(few, repeats))
    assert {each.case.known for each in some} == {Verdict.GOOD, Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH}
    assert share_right(some) >= 0.9


@pytest.mark.nightly
@pytest.mark.parametrize("repeats", [1, REPEATS])
def test_of_all_verdicts_95_percent_are_right(many, repeats):
    assert len(SEEDS) >= 20
    assert share_right(everything(judged(many, repeats))) >= 0.95


@pytest.mark.nightly
@pytest.mark.parametrize("repeats", [1, REPEATS])
def test_no_scenario_is_left_behind(many, repeats):
    """Whatever there is little to go by: 9 of 10 are right in any, and 3 of 4 where hardly anything is unseen."""
    shares = {scenario.name: share_right(some) for scenario, some in judged(many, repeats).items()}
    least = {name: 0.75 if name.endswith(HARD) else 0.9 for name in shares}
    assert [(name, share) for name, share in shares.items() if share < least[name]] == []


@pytest.mark.nightly
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("repeats", [1, REPEATS])
def test_no_kind_of_trouble_is_left_behind(kind, repeats, many):
    assert share_right(of_kind(kind, judged(many, repeats))) >= 0.9


@pytest.mark.nightly
@pytest.mark.parametrize("repeats", [1, REPEATS])
@pytest.mark.parametrize("known", [Verdict.GOOD, Verdict.UNDERFIT, Verdict.OVERFIT, Verdict.BOTH])
def test_no_answer_is_bought_with_another(many, known, repeats):
    """A rule that called everything good would be right about all that is."""
    assert share_right([each for each in everything(judged(many, repeats)) if each.case.known == known]) >= 0.9


@pytest.mark.nightly
def test_the_known_answers_are_true(many):
    """Of the excess that examples show with which no choice was made, and of its parts."""
    found = [(scenario.name, truth) for scenario, outcomes in many.items() for truth in truths(scenario, outcomes)]
    assert [(name, truth) for name, truth in found if truth.answer != truth.case.known] == []
