"""Weights of examples: equivalent to repeating examples, and balanced between classes as in scikit-learn."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Division, Split
from fitgap.core.example_weights import balanced, example_weights
from fitgap.core.floor import floor_of
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import GradientDescent
from fitgap.core.preprocessing import Preparation, prepare_examples
from fitgap.core.target_coding import READINGS
from fitgap.core.training import Pack
from sklearn.utils.class_weight import compute_class_weight
from support.core.trainings import same

COUNTS = np.array([1, 3, 2, 4, 1, 1, 2, 3, 1, 5, 2, 1])


def repeated(examples):
    """The same examples, each repeated as often as its weight says."""
    training = {
        name: np.repeat(getattr(examples, name), COUNTS, axis=0) for name in ("training_inputs", "training_targets")
    }
    validation = {
        name: np.repeat(getattr(examples, name), COUNTS, axis=0) for name in ("validation_inputs", "validation_targets")
    }
    return dataclasses.replace(examples, **training, **validation)


def weighted(examples):
    weights = COUNTS / COUNTS.mean()
    return dataclasses.replace(examples, training_weights=weights, validation_weights=weights)


def trained(shape, member, examples, epochs=6):
    pack = Pack(shape, [member], {0: examples})
    return [pack.run_epoch() for _ in range(epochs)], pack


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_weight_is_as_good_as_repetition(loss, make_member, make_shape, make_repeats):
    """One step per epoch, so that the order of the examples does not matter."""
    outputs = 1 if loss == "sigmoid_cross_entropy" else 2
    shape = make_shape((3, 5, outputs), 1000, loss=LOSSES[loss](), classes=True)
    member = make_member(optimizer=GradientDescent(rate=0.3), repeat=0, epochs=6)
    examples = make_repeats(shape, (12, 12))[0]
    found, pack = trained(shape, member, weighted(examples))
    expected, other = trained(shape, member, repeated(examples))
    for mine, theirs in zip(found, expected, strict=True):
        for name in ("e_t", "e_v", "e_t_running"):
            np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=1e-10)
    np.testing.assert_allclose(pack.parameters_of(0), other.parameters_of(0), rtol=1e-9, atol=1e-12)
    targets = examples.training_targets, examples.validation_targets
    weights = weighted(examples).training_weights
    floors = [
        floor_of(sides, LOSSES[loss](), seed=0, repeat=0, measured_examples=None, weights=own)
        for sides, own in (
            (targets, (weights, weights)),
            ([np.repeat(each, COUNTS, axis=0) for each in targets], (None, None)),
        )
    ]
    assert floors[0].e_t == pytest.approx(floors[1].e_t, rel=0.05 if loss != "half_squared_error" else 1e-12)


def test_equal_weights_change_nothing_but_rounding(make_member, make_shape, make_repeats):
    shape = make_shape((3, 5, 2), 4)
    member = make_member(optimizer=GradientDescent(rate=0.3), repeat=0, epochs=6)
    examples = make_repeats(shape, (12, 9))[0]
    ones = dataclasses.replace(examples, training_weights=np.ones(12), validation_weights=np.ones(9))
    found, pack = trained(shape, member, ones)
    expected, other = trained(shape, member, examples)
    assert same(found[-1].e_t, expected[-1].e_t) and same(found[-1].e_v, expected[-1].e_v)
    assert same(pack.parameters_of(0), other.parameters_of(0))


@pytest.mark.parametrize("measured", [None, 5])
def test_a_member_has_the_same_numbers_alone_as_in_a_pack(measured, make_member, make_shape, make_repeats):
    shape = dataclasses.replace(make_shape((3, 5, 2), 4, "float32", classes=True), measured_examples=measured)
    members = [make_member(optimizer=GradientDescent(rate=rate), repeat=0, epochs=4) for rate in (0.1, 0.5, 0.9)]
    examples = {0: weighted(make_repeats(shape, (12, 12))[0])}
    together = [results for results in Pack(shape, members, examples).run()]
    for number, member in enumerate(members):
        for mine, all_of_them in zip(Pack(shape, [member], examples).run(), together, strict=True):
            row = all_of_them.members.tolist().index(number)
            for name in ("e_t", "e_v", "se_v", "e_t_running", "accuracy_v"):
                assert same(getattr(mine, name)[0], getattr(all_of_them, name)[row]), name


def dataset_of(classes, weights=None):
    targets = np.asarray(classes, float)[:, None]
    inputs = np.arange(len(targets), dtype=float)[:, None]
    marks = {} if weights is None else {"weight": np.asarray(weights, float)}
    names = tuple(map(str, range(int(targets.max()) + 1)))
    return Dataset("d", inputs, targets, "classes", ("x",), ("y",), names, marks=marks)


def test_balanced_is_what_scikit_learn_calls_so():
    classes = np.random.default_rng(0).integers(0, 4, size=60) ** 2 // 4
    present = np.unique(classes)
    expected = compute_class_weight("balanced", classes=present, y=classes)
    np.testing.assert_allclose(balanced(classes, len(present)), expected)


def test_weights_of_classes_and_examples_multiply_and_have_a_mean_of_one():
    dataset = dataset_of([0, 0, 0, 1, 0, 1], [1, 2, 3, 4, 5, 6])
    split = Split(np.array([0, 1, 2, 3]), np.array([4, 5]))
    training, validation = example_weights(dataset, "balanced", split)
    raw = np.array([4 / 6, 8 / 6, 12 / 6, 4 * 4 / 2])
    np.testing.assert_allclose(training, raw / raw.mean())
    np.testing.assert_allclose(validation, np.array([5 * 4 / 6, 6 * 2]) / np.mean([5 * 4 / 6, 6 * 2]))
    assert training.mean() == pytest.approx(1) and validation.mean() == pytest.approx(1)
    assert example_weights(dataset_of([0, 1, 0]), None, Split(np.arange(2), np.array([2]))) == (None, None)
    with pytest.raises(ValueError, match="all validation examples have the weight 0"):
        example_weights(dataset, (0.0, 1.0), Split(np.array([3, 5]), np.array([0])))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_the_unit_of_weights_does_not_matter(scale):
    split = Split(np.array([0, 1, 2]), np.array([3, 4]))
    plain = example_weights(dataset_of([0, 1, 0, 1, 0], [1, 2, 3, 4, 5]), None, split)
    other = example_weights(dataset_of([0, 1, 0, 1, 0], np.array([1, 2, 3, 4, 5]) * scale), None, split)
    for mine, theirs in zip(plain, other, strict=True):
        np.testing.assert_allclose(mine, theirs)


def test_synthetic_examples_have_the_mean_weight():
    dataset = dataset_of([0, 1] * 10, np.arange(20) + 1.0)
    preparation = Preparation(Division(0.5), "standard", "none")
    examples = prepare_examples(
        dataset, preparation, READINGS["unrecognized"](share=0.5), seed=0, repeat=1, dtype="float64"
    )
    assert len(examples.training_weights) == len(examples.training_inputs) == 15
    assert (examples.training_weights[10:] == 1).all() and examples.training_weights.mean() == pytest.approx(1)


def test_classes_of_noisy_labels_weigh_only_on_the_side_that_is_trained_on():
    """This holds even if both sides have the same examples: the validation side uses the true classes."""
    dataset, everything = dataset_of([0, 1, 0, 1, 1, 1]), Split(np.arange(6), np.arange(6))
    noisy = np.array([[1.0], [1.0], [0.0], [1.0], [1.0], [1.0]])
    training, validation = example_weights(dataset, (4.0, 1.0), everything, noisy)
    np.testing.assert_allclose(training, np.array([1, 1, 4, 1, 1, 1]) / 1.5)
    np.testing.assert_allclose(validation, np.array([4, 1, 4, 1, 1, 1]) / 2)
    balanced_training, balanced_validation = example_weights(dataset, "balanced", everything, noisy)
    # The training side has five examples of class 1 and one of class 0, so class 0 weighs five times as much, on both
    # sides.
    assert balanced_training[2] / balanced_training[0] == pytest.approx(5)
    assert balanced_validation[0] / balanced_validation[1] == pytest.approx(5)
