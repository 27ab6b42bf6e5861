"""Windows over the rows of a table, compared with loops over single rows."""

import itertools

import numpy as np
import pytest
from fitgap.core.datasets import FIRST_ROW, LAST_ROW, Dataset, Division, split_examples
from fitgap.runner.data.windowing import Windowing, shifted_targets, windowed
from fitgap.runner.errors import DataError
from hypothesis import given
from hypothesis import strategies as st

ROWS = 12


def table(kind="numbers"):
    """A table whose rows are in a random order in time and have distinct values."""
    rng = np.random.default_rng(4)
    targets = np.arange(ROWS)[:, np.newaxis] % 2.0 if kind == "classes" else rng.normal(size=(ROWS, 1))
    classes = ("a", "b") if kind == "classes" else ()
    marks = {"validation": rng.permutation(ROWS)}
    return Dataset("t", rng.normal(size=(ROWS, 2)), targets, kind, ("x", "y"), ("z",), classes, marks=marks)


@given(
    window=st.integers(1, 5),
    step=st.integers(1, 4),
    horizon=st.integers(0, 3),
    kind=st.sampled_from(["numbers", "classes"]),
)
def test_every_window_holds_its_rows_and_the_target_behind_them(window, step, horizon, kind):
    data = table(kind)
    found, windowing = windowed(data, Windowing(window, None, step, horizon), 0)
    order = np.argsort(data.marks["validation"])
    has_past = horizon > 0 and kind == "numbers"
    assert windowing.channels == (("x", "y", "z") if has_past else ("x", "y"))
    starts = [start for start in range(0, ROWS, step) if start + window - 1 + horizon < ROWS]
    assert len(found.inputs) == len(starts)
    for number, start in enumerate(starts):
        rows = order[start : start + window]
        expected = np.hstack([data.inputs[rows], data.targets[rows]]) if has_past else data.inputs[rows]
        assert np.array_equal(found.inputs[number].reshape(window, -1), expected)
        target = order[start + window - 1 + horizon]
        assert np.array_equal(found.targets[number], data.targets[target])
        assert (found.marks[FIRST_ROW][number], found.marks[LAST_ROW][number]) == (start, start + window - 1 + horizon)
    assert found.input_axes == (window, len(windowing.channels))
    assert found.input_names[-1] == f"{windowing.channels[-1]}.t-{horizon}"
    assert len(set(found.input_names)) == found.inputs.shape[1]


@given(window=st.integers(1, 4), step=st.integers(1, 3), horizon=st.integers(0, 2), tested=st.booleans())
def test_no_row_is_on_two_sides(window, step, horizon, tested):
    data, _ = windowed(table(), Windowing(window, None, step, horizon), 0)
    if tested:
        is_test = np.arange(len(data.inputs)) == len(data.inputs) - 1
        data = Dataset(**{**vars(data), "marks": {**data.marks, "test": is_test}})
    try:
        split = split_examples(data, Division(0.3, rule="order"), seed=0, repeat=1)
    except ValueError:
        return
    sides = [split.training, split.validation, *([np.flatnonzero(data.marks["test"])] if tested else [])]
    used = [
        {row for number in side for row in range(data.marks[FIRST_ROW][number], data.marks[LAST_ROW][number] + 1)}
        for side in sides
    ]
    for earlier, later in itertools.pairwise(used):
        assert earlier and max(earlier) < min(later)


def test_targets_behind_the_last_row_are_unknown():
    targets = np.arange(6.0)[:, np.newaxis]
    assert np.array_equal(
        shifted_targets(Windowing(3, horizon=2), targets)[:, 0], [4, 5, np.nan, np.nan], equal_nan=True
    )


@pytest.mark.parametrize(
    ("windowing", "lost", "words"),
    [
        (Windowing(13), 0, "12 rows are too few for a window of 13 rows and a target 1 after it"),
        (Windowing(3), 2, "2 rows lack a target or an input"),
    ],
)
def test_tables_without_windows_are_refused(windowing, lost, words):
    with pytest.raises(DataError, match=words):
        windowed(table(), windowing, lost)


def test_a_windowing_is_stored_and_restored():
    windowing = Windowing(24, "date", 2, 3, ("a", "b"), "%d/%m/%Y")
    assert Windowing.from_json(windowing.as_json()) == windowing
