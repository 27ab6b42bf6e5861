"""Subsets of the training side are nested and keep class proportions; label noise is nested too, and has the exact
share.
"""

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Division, Split, split_examples
from fitgap.core.preprocessing import Preparation, encoded_targets, prepare_examples
from fitgap.core.scaling import standard
from fitgap.core.target_coding import READINGS
from fitgap.core.training_side import nested_order, noisy_targets, used_count, with_used_examples
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples

KEY = {"seed": 5, "repeat": 2}


def classes_of(sizes):
    """A data set with a given number of examples of each class, in shuffled order."""
    numbers = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    inputs = np.arange(2.0 * len(numbers)).reshape(-1, 2)
    names = tuple(f"class {number}" for number in range(len(sizes)))
    return Dataset("made", inputs, numbers[:, None].astype(float), "classes", ("x", "y"), ("class",), names)


def numbers_of(count):
    random = np.random.default_rng(1)
    inputs, targets = random.normal(size=(count, 2)), random.normal(3, 2, (count, 1))
    return Dataset("made", inputs, targets, "numbers", ("x", "y"), ("z",))


@pytest.mark.parametrize(
    ("wanted", "count"), [(None, 200), (1, 1), (50, 50), (200, 200), (0.5, 100), (0.004, 1), (0.999, 200)]
)
def test_a_count_or_a_share_of_the_training_examples_is_used(wanted, count):
    assert used_count(200, wanted) == count


@pytest.mark.parametrize("wanted", [201, 0.001])
def test_too_many_or_no_examples_are_refused_with_what_is_possible(wanted):
    rule = r"examples (cannot be used|is less than one); choose at least 1 and at most 200"
    with pytest.raises(ValueError, match=rule):
        used_count(200, wanted)


@share_of_examples(0.5)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), st.booleans(), st.integers(0, 5))
def test_subsets_are_nested_and_keep_the_proportions_of_stratified_classes(sizes, stratified, seed):
    data, division = classes_of(sizes), Division(0.5, stratified=stratified)
    rows = np.arange(data.example_count)
    order = nested_order(rows, data, division, seed=seed, repeat=1)
    assert sorted(order) == rows.tolist()
    if stratified:
        shares = np.array(sizes) / sum(sizes)
        counts = np.cumsum(data.targets[order] == np.arange(len(sizes)), axis=0)
        expected = np.arange(1, len(rows) + 1)[:, None] * shares
        assert (np.abs(counts - expected) < 1 + len(sizes) / 2).all()
    split, before = Split(rows, rows), set()
    for count in range(1, len(rows) + 1):
        found = with_used_examples(split, data, division, count, seed=seed, repeat=1)
        assert found.validation is split.validation
        assert found.training.tolist() == sorted(order[:count])
        assert before < set(found.training)
        before = set(found.training)


@pytest.mark.parametrize("seed", range(3))
def test_the_examples_of_a_class_are_spread_evenly_from_both_ends(seed):
    """A class with one example is placed in the middle, with equally many of the others before and after it."""
    data = classes_of([1, 10])
    order = nested_order(np.arange(11), data, Division(0.5, stratified=True), seed=seed, repeat=1)
    assert data.targets[order, 0].tolist() == [1] * 5 + [0] + [1] * 5


def test_all_examples_are_the_split_itself():
    data = classes_of([30, 30])
    split = split_examples(data, Division(0.3), **KEY)
    for wanted in (None, len(split.training)):
        assert with_used_examples(split, data, Division(0.3), wanted, **KEY) is split


def test_subsets_differ_between_repeats_and_seeds():
    data, rows = classes_of([30, 30]), np.arange(60)
    found = {
        tuple(nested_order(rows, data, Division(0.3), seed=seed, repeat=repeat)) for seed in (0, 1) for repeat in (1, 2)
    }
    assert len(found) == 4


@share_of_examples(0.5)
@given(st.integers(2, 5), st.integers(1, 60), st.integers(0, 3))
def test_label_noise_replaces_a_share_of_the_labels_by_other_classes_and_is_nested(class_count, count, seed):
    data = classes_of([20] * class_count)
    rows = np.sort(np.random.default_rng(seed).permutation(data.example_count)[:count])
    true, before, kept = data.targets[rows], np.zeros(len(rows), bool), None
    for share in (0.0, 0.1, 0.35, 0.5, 1.0):
        noisy = noisy_targets(data, rows, share, seed=seed, repeat=1)
        replaced = (noisy != true)[:, 0]
        assert replaced.sum() == round(share * len(rows))
        assert np.isin(noisy, np.arange(class_count)).all()
        assert (replaced | ~before).all()
        # A label that is replaced at a smaller share is replaced by the same class at a larger share.
        assert kept is None or (noisy[before] == kept[before]).all()
        before, kept = replaced, noisy
    assert (data.targets[rows] == true).all()


def test_another_class_is_drawn_uniformly():
    data = classes_of([4000, 4000, 4000, 4000])
    rows = np.arange(data.example_count)
    steps = (noisy_targets(data, rows, 1.0, **KEY) - data.targets)[:, 0] % 4
    assert np.bincount(steps.astype(int)) == pytest.approx([0, 16000 / 3, 16000 / 3, 16000 / 3], abs=200)


@pytest.mark.parametrize("data", [numbers_of(20), classes_of([20])])
def test_noise_needs_classes_to_choose_from(data):
    with pytest.raises(ValueError, match="label_noise replaces classes by others"):
        noisy_targets(data, np.arange(20), 0.1, **KEY)
    assert noisy_targets(data, np.arange(20), 0.0, **KEY).tolist() == data.targets.tolist()


def prepared(data, **changes):
    reading = READINGS["one_per_class" if data.class_count else "numbers"]()
    preparation = Preparation(Division(0.3), "standard", "standard", **changes)
    whole = split_examples(data, preparation.division, **KEY)
    targets = encoded_targets(data, preparation, reading, whole, **KEY)
    return prepare_examples(data, preparation, reading, **KEY, dtype="float64"), targets, whole


def test_inputs_are_scaled_by_the_examples_used_and_targets_in_the_same_unit_for_all():
    data = numbers_of(100)
    (whole, _, split), (part, targets, _) = prepared(data), prepared(data, training_examples=20)
    assert part.training_inputs.shape == (20, 2)
    assert part.training_inputs.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert part.training_inputs.std(axis=0) == pytest.approx([1, 1])
    assert part.targets_scaling.shift == whole.targets_scaling.shift == standard(data.targets[split.training]).shift
    assert part.validation_targets.tolist() == whole.validation_targets.tolist()
    assert part.inputs_transform.apply(data.inputs[split.validation]).tolist() == part.validation_inputs.tolist()
    for found, used in zip(targets, (part.training_targets, part.validation_targets), strict=True):
        assert found.tolist() == used.tolist()


def test_only_the_training_labels_are_noisy():
    data = classes_of([50, 50])
    (clean, _, _), (noisy, targets, _) = prepared(data), prepared(data, label_noise=0.2)
    replaced = (clean.training_targets != noisy.training_targets).any(axis=1)
    assert replaced.sum() == 14
    assert clean.training_inputs.tolist() == noisy.training_inputs.tolist()
    assert clean.validation_targets.tolist() == noisy.validation_targets.tolist()
    assert targets[0].tolist() == noisy.training_targets.tolist()


def test_a_truth_table_has_noise_on_its_training_side_only():
    data = classes_of([8, 8])
    preparation = Preparation(Division("same"), "none", "none", training_examples=0.5, label_noise=0.5)
    found = prepare_examples(data, preparation, READINGS["one_per_class"](), **KEY, dtype="float64")
    assert (len(found.training_inputs), len(found.validation_inputs)) == (8, 16)
    assert (found.validation_targets.argmax(axis=1) == data.targets[:, 0]).all()
