"""Scaling preserves all bits, and ranks agree with those of SciPy."""

import math

import numpy as np
from fitgap.runner.analysis.scaling import logarithms, ranks, scaled
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

NUMBERS = st.lists(
    st.floats(min_value=-1e300, max_value=1e300).map(lambda x: x if abs(x) > 1e-200 else 0.0), min_size=1
)


@given(NUMBERS)
def test_scaled_numbers_are_at_most_1_and_come_back(numbers):
    small, scale = scaled(np.array(numbers))
    assert np.abs(small).max() <= 2
    assert math.frexp(scale)[0] == 0.5
    # Numbers that are many powers of ten below the largest may vanish; the large ones keep every bit.
    large = np.abs(small) > 1e-100
    assert np.array_equal((small * scale)[large], np.array(numbers)[large])


def test_nothing_and_zeros_are_scaled_too():
    assert scaled(np.array([]))[1] == scaled(np.zeros(3))[1] == 1.0
    assert scaled(np.array([math.nan, 3.0]))[0][1] <= 1


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20))
def test_ranks_are_those_of_scipy_from_0_on(numbers):
    assert np.array_equal(ranks(np.array(numbers, float)), stats.rankdata(numbers) - 1)


def test_what_has_no_rank_or_logarithm_stays_unknown():
    assert np.array_equal(ranks(np.array([2.0, math.nan, 1.0])), [1, math.nan, 0], equal_nan=True)
    assert np.array_equal(logarithms(np.array([1.0, 0.0, -1.0, math.nan])), [0] + [math.nan] * 3, equal_nan=True)
