"""Lines through the proposals of a search, in an example with two axes and three dimensions."""

import numpy as np
import pytest
from fitgap.runner.search.lines import Lines
from fitgap.runner.spec.lazy_values import Interval, Options

RANGE = Interval(0.0, 1.0, log=False, whole=False)
# The choice between two optimizers, the rate of the second one, the width.
DIMENSIONS = [("optimizer", Options(2)), ("optimizer.1.rate", RANGE), ("architecture", RANGE)]


def lines_of(*rows):
    """The lines through points, each given with its error."""
    return Lines(DIMENSIONS, np.array([row[0] for row in rows], float), np.array([row[1] for row in rows]))


def test_an_option_is_the_same_wherever_its_coordinate_is():
    lines = lines_of(
        ([0.7, 0.5, 0.2], 1.0),
        ([0.9, 0.5, 0.2], 1.0),
        ([0.9, 0.5, 0.3], 1.0),
        ([0.1, None, 0.2], 1.0),
        ([0.8, 0.4, 0.3], 1),
    )
    assert lines.axes == ["optimizer", "architecture"]
    expected = [[False, False], [False, False], [False, True], [True, False], [True, True]]
    assert lines.differing(0).tolist() == expected
    assert lines.through(0, "optimizer") == [0, 1, 3]
    assert lines.through(0, "architecture") == [0, 1, 2]
    assert lines.through(0, "epochs") == [0, 1]


def test_two_changes_that_helped_the_same_proposal_are_combined():
    base, wider, faster = ([0.7, 0.5, 0.2], 1.0), ([0.7, 0.5, 0.9], 0.5), ([0.7, 0.9, 0.2], 0.8)
    lines = lines_of(base, wider, faster)
    assert [each.tolist() for each in lines.combined(1)] == [[0.7, 0.9, 0.9]]
    # A change that did not help is not combined, nor are two changes of the same axis.
    assert list(lines_of(base, wider, ([0.7, 0.9, 0.2], 1.1)).combined(1)) == []
    assert list(lines_of(base, wider, ([0.7, 0.5, 0.5], 0.8)).combined(1)) == []
    other = lines_of(base, wider, ([0.1, None, 0.2], 0.7))
    assert [[None if np.isnan(one) else one for one in each] for each in other.combined(1)] == [[0.1, None, 0.9]]


@pytest.mark.parametrize(
    ("tried", "error", "is_in_vain"),
    [
        (([0.7, 0.78, 0.25]), 1.5, True),
        (([0.7, 0.78, 0.25]), 0.5, False),
        (([0.7, 0.78, 0.6]), 1.5, False),
        (([0.7, 0.6, 0.25]), 1.5, False),
        (([0.1, None, 0.25]), 1.5, False),
    ],
)
def test_what_was_tried_nearby_and_was_worse_is_in_vain(tried, error, is_in_vain):
    """Close on the axis that changes, not far on the others, and with the same options."""
    lines = lines_of(([0.7, 0.5, 0.2], 1.0), (tried, error))
    assert lines.is_in_vain([0.7, 0.8, 0.2], "optimizer", 0) is is_in_vain
    assert not lines_of(([0.7, 0.5, 0.2], 1.0)).is_in_vain([0.7, 0.55, 0.2], "optimizer", 0)
