"""The range of magnitudes computed for an expression holds for all numbers in it."""

import math

from fitgap.runner.store.filter.typecheck import combined_reach
from hypothesis import given
from hypothesis import strategies as st

EXPONENTS = st.integers(-60, 60)
RESULTS = {"*": lambda one, other: one * other, "/": lambda one, other: one / other}


@given(st.sampled_from(list(RESULTS)), st.tuples(EXPONENTS, EXPONENTS), st.tuples(EXPONENTS, EXPONENTS))
def test_products_and_quotients_of_extreme_numbers_are_at_the_ends(sign, one, other):
    one, other = sorted(one), sorted(other)
    ends = [math.log10(RESULTS[sign](10.0**left, 10.0**right)) for left in one for right in other]
    low, high = combined_reach(sign, tuple(one), tuple(other))
    assert math.isclose(low, min(ends), abs_tol=1e-6) and math.isclose(high, max(ends), abs_tol=1e-6)
