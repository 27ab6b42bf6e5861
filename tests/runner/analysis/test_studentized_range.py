"""Half-widths of Tukey's intervals, in standard errors, against SciPy."""

import itertools
import math

import pytest
from fitgap.runner.analysis.student import quantile
from fitgap.runner.analysis.studentized_range import pairwise_reach
from scipy import stats
from support.sampling import every_row


@pytest.mark.parametrize(
    ("groups", "degrees"), every_row(5, itertools.product((2, 3, 10, 100), (1, 2, 5, 36, 1000, math.inf)))
)
def test_any_groups_and_degrees_agree_with_scipy(groups, degrees):
    expected = stats.studentized_range.ppf(0.95, groups, degrees) / math.sqrt(2)
    assert pairwise_reach(groups, degrees) == pytest.approx(expected, rel=1e-4)


def test_two_groups_are_student_s_t():
    assert pairwise_reach(2, 7) == pytest.approx(quantile(0.975, 7), rel=1e-6)
