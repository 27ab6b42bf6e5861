"""The number of repeats from `repeats_needed` shows a difference in four of five sweeps, if it is the true one."""

import math

import numpy as np
import pytest
from fitgap.runner.analysis.best import differences_from_best
from fitgap.runner.analysis.pairing import Differences, Measured, differences
from fitgap.runner.analysis.power import TRIED, repeats_needed
from support.sampling import at_night


def measured(values):
    groups, repeats = values.shape
    group, repeat = np.divmod(np.arange(values.size), repeats)
    return Measured(group, np.zeros(groups * repeats, int), repeat, values.ravel())


def found_with(difference, deviation, repeats, compared, degrees):
    """A comparison in which the second group's measured difference from the first is the true one."""
    error = deviation / math.sqrt(repeats)
    of_two = (np.array([np.nan, each]) for each in (difference, error, 9 * error))
    return Differences(*of_two, np.array([0, repeats]), np.array([0, repeats]), compared, degrees)


@pytest.mark.parametrize(("groups", "effect"), [(2, 1.0), (4, 2.0), at_night(2, 2.0), at_night(10, 2.0)])
def test_in_four_of_five_sweeps_they_show_the_difference(groups, effect):
    """Between the best and the second best of several groups; all others are far worse."""
    rng = np.random.default_rng(groups)
    degrees = math.nan if groups == 2 else 4.0 * (groups - 1)
    needed = repeats_needed(found_with(effect, math.sqrt(2), 5, groups, degrees))[1]
    assert needed > 5
    shown, sweeps = 0, 400
    for _ in range(sweeps):
        values = rng.normal(size=(groups, needed)) + 3 * rng.normal(size=needed)
        values += np.array([0, effect, *[20.0] * (groups - 2)])[:, np.newaxis]
        found = (differences_from_best if groups > 2 else differences)(measured(values), groups, 0)
        shown += bool(found.mean[1] - found.margin[1] > 0)
    assert 0.7 <= shown / sweeps <= 0.93


def test_smaller_differences_take_more_repeats_and_far_more_are_as_many_as_normal_intervals_need():
    sizes = np.geomspace(100, 1e-4, 200)
    found = [repeats_needed(found_with(size, 1.0, 2, 5, 4.0))[1] for size in sizes]
    assert found == sorted(found) and found[0] == 2 and found[-1] > TRIED[-1]
    wanted = repeats_needed(found_with(0.01, 1.0, 2, 2, math.nan))[1]
    assert wanted == pytest.approx(((1.96 + 0.8416) / 0.01) ** 2, rel=2e-3)


def test_nothing_is_said_of_the_baseline_of_one_repeat_and_of_no_difference():
    assert repeats_needed(found_with(1.0, 1.0, 1, 2, math.nan)) == [None, None]
    assert repeats_needed(found_with(0.0, 1.0, 5, 2, math.nan)) == [None, None]
