"""Data sets and their splits."""

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Division, Split, proportional_counts, split_examples, validation_count
from hypothesis import given
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**63)


def numbers(example_count):
    return Dataset("any", np.zeros((example_count, 1)), np.zeros((example_count, 1)), "numbers", ("x",), ("y",))


def classes(class_numbers):
    """A data set of classes with automatic names."""
    targets = np.array(class_numbers, dtype=float)[:, np.newaxis]
    names = tuple(map(str, range(int(targets.max()) + 1)))
    return Dataset("any", np.zeros_like(targets), targets, "classes", ("x",), ("y",), names)


def split(dataset, validation=0.3, folds=0, stratified=True, seed=0, repeat=1):
    return split_examples(dataset, Division(validation, folds, stratified), seed=seed, repeat=repeat)


def sides(split: Split):
    return split.training.tolist(), split.validation.tolist()


def class_counts(dataset, rows):
    return np.bincount(dataset.targets[rows, 0].astype(int), minlength=dataset.class_count)


# Few examples of many classes, so that classes with one example are common and some classes are empty.
CLASSES = st.lists(st.integers(0, 6), min_size=2, max_size=80).map(classes)
ANY = st.one_of(CLASSES, st.integers(2, 80).map(numbers))


def test_counts_of_a_data_set():
    some = Dataset("any", np.zeros((7, 3)), np.zeros((7, 2)), "numbers", (), ())
    assert (some.example_count, some.input_count, some.target_count, some.class_count) == (7, 3, 2, 0)
    assert classes([0, 2, 1]).class_count == 3


@pytest.mark.parametrize(("inputs", "targets"), [((7, 3), (6, 2)), ((7,), (7, 1)), ((7, 3), (7,)), ((7, 1, 3), (7, 1))])
def test_tables_that_do_not_fit_together_are_refused(inputs, targets):
    with pytest.raises(ValueError, match="two tables with the same number of rows") as caught:
        Dataset("any", np.zeros(inputs), np.zeros(targets), "numbers", (), ())
    assert str(inputs) in str(caught.value) and str(targets) in str(caught.value)


def test_classes_are_one_column():
    with pytest.raises(ValueError, match="one column of class numbers, but received 3 columns"):
        Dataset("any", np.zeros((4, 1)), np.zeros((4, 3)), "classes", ("x",), ("y",))


@given(st.data(), ANY, SEEDS, st.integers(0, 50), st.booleans())
def test_a_split_gives_every_example_one_side(data, dataset, seed, repeat, stratified):
    count = data.draw(st.integers(1, dataset.example_count - 1))
    found = split(dataset, count, stratified=stratified, seed=seed, repeat=repeat)
    assert len(found.validation) == count
    assert sorted([*found.training, *found.validation]) == list(range(dataset.example_count))
    assert (np.diff(found.training) > 0).all() and (np.diff(found.validation) > 0).all()


@pytest.mark.parametrize("dataset", [numbers(50), classes([0, 1, 1, 2, 2] * 10)], ids=["numbers", "classes"])
def test_a_split_depends_on_seed_and_repeat_alone(dataset):
    np.random.seed(0)
    first = sides(split(dataset, 0.3, seed=1, repeat=2))
    np.random.seed(1)
    split(dataset, 0.5, seed=1, repeat=3)
    assert sides(split(dataset, 0.3, seed=1, repeat=2)) == first
    assert sides(split(dataset, 15, seed=1, repeat=2)) == first
    assert sides(split(dataset, 0.3, seed=2, repeat=2)) != first
    assert sides(split(dataset, 0.3, seed=1, repeat=3)) != first


@pytest.mark.parametrize("dataset", [numbers(20), classes([0, 1] * 10)], ids=["numbers", "classes"])
def test_every_example_validates_in_some_repeat(dataset):
    seen = {row for repeat in range(60) for row in split(dataset, 0.2, repeat=repeat).validation}
    assert seen == set(range(20))


def test_same_trains_and_validates_on_everything():
    assert sides(split(numbers(4), "same")) == ([0, 1, 2, 3], [0, 1, 2, 3])
    assert sides(split(numbers(1), "same")) == ([0], [0])


@given(st.data(), CLASSES, SEEDS)
def test_stratified_sides_have_their_part_of_every_class(data, dataset, seed):
    """The total is exact, and each class has its exact share, rounded up or down."""
    count = data.draw(st.integers(1, dataset.example_count - 1))
    found = class_counts(dataset, split(dataset, count, seed=seed).validation)
    exact = count * class_counts(dataset, slice(None)) / dataset.example_count
    assert (np.floor(exact) <= found).all() and (found <= np.ceil(exact)).all()
    assert found.sum() == count


def test_without_stratifying_the_classes_do_not_matter():
    dataset, repeats = classes([0, 1] * 20), range(1, 9)
    blind = [sides(split(numbers(40), repeat=repeat)) for repeat in repeats]
    assert [sides(split(dataset, stratified=False, repeat=repeat)) for repeat in repeats] == blind
    assert [sides(split(dataset, repeat=repeat)) for repeat in repeats] != blind


def test_stratifying_says_nothing_where_targets_are_numbers():
    assert sides(split(numbers(40), stratified=True)) == sides(split(numbers(40), stratified=False))


def test_a_single_example_of_a_class_comes_to_either_side():
    dataset = classes([0] * 9 + [1])
    assert {9 in split(dataset, 0.5, repeat=repeat).validation for repeat in range(20)} == {True, False}


@given(st.lists(st.integers(1, 50), min_size=1, max_size=10), st.data())
def test_largest_remainders_come_first(sizes, data):
    count = data.draw(st.integers(0, sum(sizes)))
    taken = proportional_counts(np.array(sizes), count, tie_break=np.arange(len(sizes)))
    exact = [count * size / sum(sizes) for size in sizes]
    assert taken.sum() == count
    assert all(abs(one - other) < 1 for one, other in zip(taken, exact, strict=True))
    raised = [each - np.floor(each) for each, one in zip(exact, taken, strict=True) if one > each]
    lowered = [each - np.floor(each) for each, one in zip(exact, taken, strict=True) if one < each]
    assert not raised or not lowered or min(raised) >= max(lowered) - 1e-12


def test_equal_remainders_go_by_the_tie_break():
    assert proportional_counts(np.array([5, 5]), 3, tie_break=np.array([1, 0])).tolist() == [1, 2]
    assert proportional_counts(np.array([5, 5]), 3, tie_break=np.array([0, 1])).tolist() == [2, 1]


@given(st.data(), ANY, SEEDS, st.booleans(), st.integers(0, 3))
def test_every_example_validates_once_in_as_many_repeats_as_folds(data, dataset, seed, stratified, permutation):
    folds = data.draw(st.integers(2, dataset.example_count))
    repeats = range(permutation * folds + 1, (permutation + 1) * folds + 1)
    found = [split(dataset, folds=folds, stratified=stratified, seed=seed, repeat=repeat) for repeat in repeats]
    everything = list(range(dataset.example_count))
    assert sorted(row for each in found for row in each.validation) == everything
    assert all(sorted([*each.training, *each.validation]) == everything for each in found)
    sizes = [len(each.validation) for each in found]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1


@given(st.data(), CLASSES, SEEDS)
def test_stratified_folds_share_every_class_evenly(data, dataset, seed):
    folds = data.draw(st.integers(2, dataset.example_count))
    found = [split(dataset, folds=folds, seed=seed, repeat=repeat + 1).validation for repeat in range(folds)]
    counts = np.array([class_counts(dataset, rows) for rows in found])
    assert (np.ptp(counts, axis=0) <= 1).all()


def test_the_folds_of_the_next_repeats_are_others():
    first, again, later = (split(numbers(30), folds=3, repeat=repeat) for repeat in (1, 1, 4))
    assert sides(first) == sides(again) != sides(later)
    assert sides(first) != sides(split(numbers(30), folds=3, seed=1))


def test_folds_need_as_many_examples():
    with pytest.raises(ValueError, match="11 folds need at least 11 examples, but there are 10"):
        split(numbers(10), folds=11)
    assert len(split(numbers(10), folds=10).validation) == 1


@pytest.mark.parametrize("folds", [1, -1])
def test_a_single_fold_is_none(folds):
    with pytest.raises(ValueError, match=f"at least 2, or 0 for none, but received {folds}"):
        Division(0.3, folds)


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
        split(numbers(examples), validation)
    assert f"validation {validation:g} of {examples} examples" in str(caught.value)


def test_examples_with_axes_can_be_tested():
    """Splits do not use the inputs, whose axes would not match here."""
    is_test = np.arange(10) >= 8
    dataset = Dataset(
        "t", np.zeros((10, 6)), np.zeros((10, 1)), "numbers", (), ("y",), marks={"test": is_test}, input_axes=(3, 2)
    )
    split = split_examples(dataset, Division(0.5), seed=0, repeat=1)
    assert sorted([*split.training, *split.validation]) == list(range(8))
