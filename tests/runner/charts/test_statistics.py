"""Means over repeats with their intervals, and the choice of scales."""

import polars as pl
import pytest
from fitgap.runner.charts.statistics import is_wide, symmetric_constant, with_bands


def test_a_band_is_the_interval_of_the_mean_over_repeats():
    frame = pl.DataFrame({"x": [1, 1, 1, 1], "repeat": [1, 1, 2, 3], "e_v": [1.0, 3.0, 4.0, 6.0]})
    (row,) = with_bands(frame, ["x"], ["e_v"]).to_dicts()
    # Repeat 1 counts once, with the mean 2; t(0.975, 2) = 4.3027 and the standard error is 2 / √3.
    assert row["e_v"] == 4.0
    assert row["e_v_high"] - 4 == pytest.approx(4.3027 * 2 / 3**0.5, rel=1e-4) == 4 - row["e_v_low"]
    (log,) = with_bands(frame, ["x"], ["e_v"], is_log=True).to_dicts()
    assert 0 < log["e_v_low"] < 4 and log["e_v_low"] * log["e_v_high"] == pytest.approx(16)


def test_one_repeat_has_a_band_without_width():
    frame = pl.DataFrame({"x": [1], "repeat": [1], "e_v": [2.0]})
    assert with_bands(frame, ["x"], ["e_v"]).row(0) == (1, 2.0, 2.0, 2.0)
    assert with_bands(frame.clear(), ["x"], ["e_v"]).is_empty()


@pytest.mark.parametrize(
    ("values", "wide"),
    [([1, 11], True), ([1, 9], False), ([0, 11], False), ([-1, 11], False), ([], False), ([5], False)],
)
def test_only_positive_values_that_span_enough_get_a_logarithmic_scale(values, wide):
    assert is_wide(values) == wide


def test_signed_values_get_a_symmetric_logarithmic_scale_beyond_a_factor_of_100():
    assert symmetric_constant([-1, 0.5, 0.1, 0]) is None and symmetric_constant([0, 0]) is None
    assert symmetric_constant([-100, 0.5, 0.1, 40]) == 0.1
