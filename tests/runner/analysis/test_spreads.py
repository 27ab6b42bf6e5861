"""Spreads within and between configurations against the standard library, group by group."""

import statistics

import numpy as np
import pytest
from fitgap.runner.analysis.spreads import spreads
from hypothesis import given
from hypothesis import strategies as st

# For each configuration, its group and the values of a few repeats.
CONFIGURATIONS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(-50, 50).map(lambda n: n / 8), max_size=4)),
    min_size=1,
    max_size=8,
)


def arrays(configurations):
    """Configuration and value of every trial, and the group of every configuration."""
    trials = [(number, value) for number, (_, values) in enumerate(configurations) for value in values]
    number, value = zip(*trials, strict=True) if trials else ((), ())
    return np.array(number, int), np.array(value, float), np.array([group for group, _ in configurations])


@given(CONFIGURATIONS)
def test_within_is_pooled_and_between_is_of_means(configurations):
    found = spreads(*arrays(configurations), 3)
    for group in range(3):
        several = [values for each, values in configurations if each == group and values]
        degrees = sum(len(values) - 1 for values in several)
        squares = sum(statistics.variance(values) * (len(values) - 1) for values in several if len(values) > 1)
        means = [statistics.fmean(values) for values in several]
        expected = {
            "within": (squares / degrees) ** 0.5 if degrees else None,
            "between": statistics.stdev(means) if len(means) > 1 else None,
        }
        for name, value in expected.items():
            got = getattr(found, name)[group]
            assert np.isnan(got) if value is None else got == pytest.approx(value, abs=1e-9)


def test_unknown_values_are_no_repeats():
    number, value, group = arrays([(0, [1.0, 2.0, np.nan]), (0, [np.nan])])
    found = spreads(number, value, group, 1)
    assert found.within[0] == pytest.approx(statistics.stdev([1, 2]))
    assert np.isnan(found.between[0])


def test_huge_numbers_do_not_overflow():
    number, value, group = arrays([(0, [1.0, 2.0, 4.0]), (0, [3.0, 5.0])])
    small, huge = spreads(number, value, group, 1), spreads(number, value * 1e300, group, 1)
    assert huge.within[0] == pytest.approx(small.within[0] * 1e300)
    assert huge.between[0] == pytest.approx(small.between[0] * 1e300)
