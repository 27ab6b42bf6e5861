"""Data sets and their splits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data import Dataset, Split, split_examples, validation_count


def dataset(inputs, targets):
    return Dataset("any", np.asarray(inputs), np.asarray(targets), "numbers", (), ())


def test_counts_of_a_data_set():
    some = dataset(np.zeros((7, 3)), np.zeros((7, 2)))
    assert (some.example_count, some.input_count, some.output_count) == (7, 3, 2)


@pytest.mark.parametrize(("inputs", "targets"), [((7, 3), (6, 2)), ((7,), (7, 1)), ((7, 3), (7,)), ((7, 1, 3), (7, 1))])
def test_tables_that_do_not_fit_together_are_refused(inputs, targets):
    with pytest.raises(ValueError, match="two tables of equally many rows") as caught:
        dataset(np.zeros(inputs), np.zeros(targets))
    assert str(inputs) in str(caught.value) and str(targets) in str(caught.value)


@settings(max_examples=100, deadline=None, database=None)
@given(st.data(), st.integers(2, 200), st.integers(0, 2**63), st.integers(0, 50))
def test_a_split_gives_every_example_one_side(data, example_count, seed, repeat):
    count = data.draw(st.integers(1, example_count - 1))
    split = split_examples(example_count, count, seed=seed, repeat=repeat)
    assert len(split.validation) == count
    assert sorted([*split.training, *split.validation]) == list(range(example_count))
    assert (np.diff(split.training) > 0).all() and (np.diff(split.validation) > 0).all()


def sides(split: Split):
    return split.training.tolist(), split.validation.tolist()


def test_a_split_depends_on_seed_and_repeat_alone():
    np.random.seed(0)
    first = sides(split_examples(50, 0.3, seed=1, repeat=2))
    np.random.seed(1)
    split_examples(50, 0.5, seed=1, repeat=3)
    assert sides(split_examples(50, 0.3, seed=1, repeat=2)) == first
    assert sides(split_examples(50, 15, seed=1, repeat=2)) == first
    assert sides(split_examples(50, 0.3, seed=2, repeat=2)) != first
    assert sides(split_examples(50, 0.3, seed=1, repeat=3)) != first


def test_every_example_validates_in_some_repeat():
    seen = {row for repeat in range(60) for row in split_examples(20, 0.2, seed=0, repeat=repeat).validation}
    assert seen == set(range(20))


def test_same_trains_and_validates_on_everything():
    assert sides(split_examples(4, "same", seed=0, repeat=0)) == ([0, 1, 2, 3], [0, 1, 2, 3])
    assert sides(split_examples(1, "same", seed=0, repeat=0)) == ([0], [0])


@pytest.mark.parametrize(
    ("examples", "validation", "expected"),
    [
        (100, 0.3, 30),
        (10, 0.25, 2),
        (10, 0.26, 3),
        (1797, 0.3, 539),
        (100, 30, 30),
        (10, 1, 1),
        (10, 9, 9),
        (3, 0.5, 2),
    ],
)
def test_below_one_is_a_share_and_from_one_on_a_count(examples, validation, expected):
    assert validation_count(examples, validation) == expected


@pytest.mark.parametrize(
    ("examples", "validation"), [(10, 0), (10, 0.01), (10, 0.99), (10, 10), (10, 11), (1, 0.5), (10, -1)]
)
def test_a_side_without_examples_is_refused(examples, validation):
    with pytest.raises(ValueError, match="both must be at least 1") as caught:
        split_examples(examples, validation, seed=0, repeat=0)
    assert f"validation {validation:g} of {examples} examples" in str(caught.value)
