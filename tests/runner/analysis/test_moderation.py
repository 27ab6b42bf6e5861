"""Moderated variances: special functions against SciPy, and variances that differ only by chance or truly."""

import math

import numpy as np
import pytest
from fitgap.runner.analysis.moderation import digamma, inverse_trigamma, moderated, trigamma
from scipy import special


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 2.5, 6.0, 40.0, 1e6])
def test_the_functions_agree_with_scipy(x):
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-8)
    assert trigamma(x) == pytest.approx(special.polygamma(1, x), rel=1e-8)
    assert inverse_trigamma(trigamma(x)) == pytest.approx(x, rel=1e-6)


def test_variances_that_chance_explains_become_their_mean():
    variances = np.array([0.9, 1.0, 1.1, 1.0])
    assert moderated(variances, 4) == (pytest.approx([1.0] * 4), math.inf)


def test_variances_that_differ_by_orders_of_magnitude_stay_apart():
    variances = np.array([1e-4, 1e-2, 1.0, 1e2])
    found, degrees = moderated(variances, 9)
    assert 9 < degrees < 12 and found == pytest.approx(variances, rel=1)
    assert (np.diff(found) > 0).all()


def test_a_known_prior_is_found_again():
    """Variances drawn as the method assumes: true ones from a scaled inverse χ², estimates around them from a χ²."""
    rng = np.random.default_rng(3)
    true = 2.0 * 8 / rng.chisquare(8, size=20_000)
    found, degrees = moderated(true * rng.chisquare(4, size=20_000) / 4, 4)
    assert degrees == pytest.approx(4 + 8, rel=0.1)
    assert np.mean((found - true) ** 2) < 0.75 * np.mean((true * rng.chisquare(4, size=20_000) / 4 - true) ** 2)


def test_equal_values_without_variance_stay():
    assert moderated(np.zeros(3), 2)[0].tolist() == [0.0] * 3
