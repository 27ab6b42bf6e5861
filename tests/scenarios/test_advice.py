"""Advice on bad configurations: following the first advice reduces the excess on fresh examples."""

import pytest
from support.advice.followed import SEEDS, follow, share_helped
from support.advice.problems import PROBLEMS

# At least four of five first advices reduce the true excess by a fifth or more.
ENOUGH = 0.8
# A small sample with problems of every kind.
SAMPLE = ("learning rates", "too small to bend")


@pytest.mark.nightly
def test_first_advice_helps():
    """Without advice from siblings, which almost always helps."""
    followed = [each for problem in PROBLEMS if problem.name in SAMPLE for each in follow(problem, 1, siblings=False)]
    assert len(followed) >= 8
    assert share_helped(followed) >= ENOUGH


@pytest.mark.nightly
@pytest.mark.parametrize("siblings", [True, False])
def test_first_advice_helps_in_all_problems(siblings):
    followed = [each for problem in PROBLEMS for seed in SEEDS for each in follow(problem, seed, siblings=siblings)]
    assert share_helped(followed) >= ENOUGH
