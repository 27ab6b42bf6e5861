"""Quantiles of Student's t distribution against closed forms and against SciPy."""

import math
from statistics import NormalDist

import pytest
from fitgap.runner.analysis.student import quantile
from scipy import stats

PROBABILITIES = (0.5, 0.75, 0.9, 0.975, 0.995)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_one_and_two_degrees_have_closed_forms(probability):
    centred = 2 * probability - 1
    assert quantile(probability, 1) == pytest.approx(math.tan(math.pi / 2 * centred), rel=1e-9, abs=1e-12)
    assert quantile(probability, 2) == pytest.approx(centred * math.sqrt(2 / (1 - centred**2)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("probability", PROBABILITIES)
@pytest.mark.parametrize("degrees", [*range(1, 40), 99, 1000, 99_999])
def test_any_degrees_agree_with_scipy(probability, degrees):
    assert quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-7, abs=1e-9)


def test_many_degrees_come_to_the_normal_distribution():
    assert quantile(0.975, 10**6) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-5)
