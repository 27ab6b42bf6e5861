"""Properties of error curves: how far an error fell in the last epochs, how far it rose, and whether it is stable."""

import numpy as np
import pytest
from fitgap.core.error_curves import (
    Instability,
    instability,
    late_epochs,
    late_fall,
    late_start,
    rise,
    smoothed,
    unsteady,
)
from support.core.made_facts import FALLING, RISING, WELL


def line(epochs):
    """An error that falls by 0.001 in every epoch."""
    return 2 - 0.001 * np.asarray(epochs)


@pytest.mark.parametrize("count", [2, 3, 5, 40, 100, 1000])
def test_the_fall_is_that_from_the_epoch_before_the_window_to_the_last_one(count):
    epochs = np.arange(1, count + 1)
    before, after = line([late_start(count), count])
    assert late_fall(line(epochs), epochs) == pytest.approx((before - after) / before)


def test_the_window_is_a_tenth_of_the_epochs_but_at_least_three_if_there_are_as_many():
    assert [late_epochs(count) for count in (1, 2, 5, 6, 40, 100)] == [0, 1, 3, 3, 4, 10]


def test_a_window_may_begin_at_a_given_epoch():
    epochs = np.arange(1, 101)
    assert late_fall(line(epochs), epochs, start=50) == pytest.approx((line(50) - line(100)) / line(50))


def test_an_error_that_rises_has_a_negative_fall_and_a_single_epoch_has_none():
    epochs = np.arange(1, 101)
    assert late_fall(line(epochs)[::-1], epochs) < 0
    assert late_fall(line([1]), np.array([1])) == 0


@pytest.mark.parametrize(("scale", "is_named"), [(1.0, True), (19.0, True), (21.0, False), (1000.0, False)])
def test_an_error_that_goes_up_and_down_is_unsteady_unless_it_is_small(scale, is_named):
    """The median error is 1; an error is small below 5 % of the scale."""
    errors = np.where(np.arange(101) % 2, 2.0, 1.0)
    assert (unsteady(errors, np.arange(1, 102), scale) is not None) is is_named


def test_an_error_that_ends_far_above_its_lowest_value_is_unstable_even_after_two_epochs():
    assert instability(np.array([0.5, 1.5]), np.array([1, 2])) == Instability("ended", 3.0, 1)
    assert instability(np.array([0.5, 0.7]), np.array([1, 2])) is None
    assert instability(np.array([0.5]), np.array([1])) is None


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_usual_noise_is_not_unstable(noise):
    for seed in range(20):
        e_t = WELL.e_t * np.exp(np.random.default_rng(seed).normal(0, noise, 100))
        assert instability(e_t, np.arange(1, 101), 0.5) is None


def test_jumps_of_an_error_near_zero_do_not_count():
    """If a network fits its examples exactly, its tiny error can jump by large factors."""
    e_t = np.concatenate([np.geomspace(0.5, 1e-6, 80), 1e-6 * np.tile([1, 50], 10)])
    assert instability(e_t, np.arange(1, 101)) is None


def test_smoothing_keeps_the_length_and_drops_single_outliers():
    for count in range(1, 12):
        assert len(smoothed(np.ones(count))) == count
    errors = np.ones(20)
    errors[10] = 0
    assert smoothed(errors).min() == 1


def test_numbers_do_not_depend_on_the_unit_of_the_error():
    """Multiplying E_t and E_v by a thousand does not change their relative falls and rises."""
    epochs = np.arange(1, len(FALLING) + 1)
    assert late_fall(1000 * FALLING, epochs) == pytest.approx(late_fall(FALLING, epochs))
    assert rise(1000 * RISING) == pytest.approx(rise(RISING)) == pytest.approx(0.48, abs=0.005)
