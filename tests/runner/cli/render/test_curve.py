"""The small curve: marks at the errors, never wider than a terminal of 80 columns."""

import pytest
from fitgap.runner.cli.render.curve import BOTH, COLUMNS, ROWS, TRAINING, VALIDATION, curve_lines, positions


def marks(lines):
    return [line.partition("│")[2].ljust(COLUMNS) for line in lines if "│" in line]


@pytest.mark.parametrize("count", [2, 3, 59, 60, 61, 1000, 100_000])
def test_it_fits_into_80_columns_and_shows_the_first_and_the_last_epoch(count):
    e_t = [1 - epoch / count for epoch in range(count)]
    e_v = [1.0] * count
    lines = curve_lines(e_t, e_v, count)
    assert max(map(len, lines)) <= 80
    drawn = marks(lines)
    assert len(drawn) == ROWS
    width = min(count, COLUMNS)
    # Both begin at the top; E_v stays there, E_t ends at the bottom.
    assert drawn[0][0] == BOTH and drawn[0][width - 1] == VALIDATION and drawn[-1][width - 1] == TRAINING
    assert all(sum(row[column] != " " for row in drawn) in (1, 2) for column in range(width))


def test_the_highest_and_the_lowest_error_are_named():
    lines = curve_lines([0.5, 0.25], [0.5, 0.3], 2)
    assert "0.5 │" in lines[0] and "0.25 │" in lines[ROWS - 1]


def test_errors_that_lie_far_apart_are_drawn_by_their_logarithms():
    e_t = [10.0**-power for power in range(9)]
    drawn = marks(curve_lines(e_t, e_t, None))
    assert [row.index(BOTH) for row in drawn] == list(range(9))
    assert "logarithmic" in curve_lines(e_t, e_t, None)[-1]


def test_the_best_epoch_is_marked_below_its_column():
    lines = curve_lines([0.5] * 30, [0.5] * 30, 12)
    (axis,) = [line for line in lines if "▲" in line and "best" not in line]
    assert axis.index("▲") - lines[0].index("│") - 1 == 11


def test_errors_that_were_not_finite_are_left_out():
    drawn = marks(curve_lines([0.5, None], [0.4, None], None))
    assert all(row[1] == " " for row in drawn)


def test_epochs_that_are_not_stored_leave_their_columns_empty():
    """Each error is drawn in the column of its epoch, not next to the previous one."""
    lines = curve_lines([0.5, 0.4, 0.3], [0.5, 0.4, 0.3], 50, [1, 50, 100])
    drawn = marks(lines)
    columns = [column for column in range(COLUMNS) if any(row[column] != " " for row in drawn)]
    assert columns == [0, round(49 * 59 / 99), 59]
    (numbers,) = [line for line in lines if line.strip().startswith("1 ")]
    assert numbers.endswith(" 100")


@pytest.mark.parametrize("count", [2, 59, 61, 1000])
def test_of_every_epoch_each_column_shows_the_nearest(count):
    shown = positions(range(1, count + 1), min(count, COLUMNS))
    assert shown[0] == 0 and shown[-1] == count - 1 and None not in shown
    assert shown == sorted(set(shown))


@pytest.mark.parametrize("errors", [[], [0.5], [None, None]])
def test_there_is_nothing_to_draw_of_less_than_two_epochs(errors):
    assert curve_lines(errors, errors, None) == []
