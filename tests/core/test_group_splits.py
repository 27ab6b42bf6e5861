"""Splits by group, in order, by marks, and with test examples."""

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Division, split_examples
from hypothesis import given
from hypothesis import strategies as st

SIZES = st.lists(st.integers(1, 9), min_size=3, max_size=12)


def dataset(count, classes=None, **marks):
    targets = np.zeros((count, 1)) if classes is None else np.asarray(classes, float)[:, np.newaxis]
    names = () if classes is None else tuple("abc")
    kind = "numbers" if classes is None else "classes"
    return Dataset("any", np.zeros((count, 1)), targets, kind, ("x",), ("y",), names, marks=marks)


def split(data, division, repeat=1):
    found = split_examples(data, division, seed=3, repeat=repeat)
    assert not set(found.training) & set(found.validation)
    return found


@given(SIZES, st.integers(1, 5), st.sampled_from([0.2, 0.5, 0.7]))
def test_groups_stay_together(sizes, repeat, share):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    data = dataset(len(groups), validation=groups)
    found = split(data, Division(share, rule="group"), repeat)
    assert set(groups[found.training]) & set(groups[found.validation]) == set()
    assert len(found.training) and len(found.validation)
    assert len(found.training) + len(found.validation) == len(groups)
    # The largest group limits how close the split can come to the share.
    assert abs(len(found.validation) - share * len(groups)) <= max(sizes)


@given(SIZES, st.integers(2, 3))
def test_folds_of_groups_cover_every_example_once(sizes, folds):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    data = dataset(len(groups), validation=groups)
    division = Division(folds=folds, rule="group")
    sides = [split(data, division, repeat).validation for repeat in range(1, folds + 1)]
    assert sorted(np.concatenate(sides)) == list(range(len(groups)))
    for rows in sides:
        assert set(groups[rows]) & set(np.delete(groups, rows)) == set()
    assert max(map(len, sides)) - min(map(len, sides)) <= max(sizes)


def test_repeats_draw_other_groups():
    data = dataset(100, validation=np.arange(100) // 5)
    drawn = {tuple(split(data, Division(0.3, rule="group"), repeat).validation) for repeat in range(1, 6)}
    assert len(drawn) == 5
    folds = Division(folds=5, rule="group")
    assert not np.array_equal(split(data, folds, 1).validation, split(data, folds, 6).validation)


def test_groups_are_stratified_where_that_is_possible():
    """30 groups of one class each, 6 of them of the rare class."""
    groups = np.repeat(np.arange(30), 10)
    classes = (groups < 6).astype(int)
    data = dataset(300, classes, validation=groups)
    for repeat in range(1, 9):
        rare = classes[split(data, Division(1 / 3, rule="group"), repeat).validation]
        assert rare.sum() == 20 and len(rare) == 100
        folded = classes[split(data, Division(folds=3, rule="group"), repeat).validation]
        assert folded.sum() == 20 and len(folded) == 100


def test_the_last_in_order_validate():
    ranks = np.array([5, 1, 4, 2, 3])
    found = split(dataset(5, validation=ranks), Division(2, rule="order"))
    assert found.validation.tolist() == [0, 2]


def test_marked_examples_validate():
    marks = np.array([False, True, False, True])
    assert split(dataset(4, validation=marks), Division(rule="marked")).validation.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("marks", "division"),
    [
        (np.zeros(4, bool), Division(rule="marked")),
        (np.ones(4, bool), Division(rule="marked")),
        (np.zeros(4, int), Division(rule="group")),
        (np.arange(4) // 2, Division(folds=3, rule="group")),
        (np.arange(4), Division(4, rule="order")),
    ],
)
def test_a_side_without_examples_is_an_error(marks, division):
    with pytest.raises(ValueError, match=r"at least 1|groups are needed"):
        split(dataset(4, validation=marks), division)


@pytest.mark.parametrize(
    "division",
    [Division(0.3), Division(folds=3), Division("same"), Division(0.3, rule="group"), Division(0.3, rule="order")],
)
def test_test_examples_are_on_neither_side(division):
    is_test = np.arange(60) % 4 == 1
    classes = np.arange(60) % 3
    marks = {"validation": np.arange(60) // 6} if division.rule else {}
    found = split_examples(dataset(60, classes, test=is_test, **marks), division, seed=1, repeat=2)
    assert not is_test[found.training].any() and not is_test[found.validation].any()
    assert len({*found.training, *found.validation}) == 45


def test_without_test_examples_nothing_changes():
    classes = np.arange(60) % 3
    plain = split(dataset(60, classes), Division(0.3))
    none = split(dataset(60, classes, test=np.zeros(60, bool)), Division(0.3))
    assert plain.validation.tolist() == none.validation.tolist()
