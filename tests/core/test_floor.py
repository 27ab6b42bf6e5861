"""The floor: the best constant prediction and its errors."""

import numpy as np
import pytest
from fitgap.core.datasets import Division, split_examples
from fitgap.core.floor import floor_of
from fitgap.core.losses import LOSSES, HalfSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.preprocessing import Preparation, encoded_targets, prepare_examples
from fitgap.core.repeats import Repeats
from fitgap.core.target_coding import Numbers, OnePerClass, Unrecognized, ZeroOne
from fitgap.runner.data import load_dataset

TARGETS = {
    "half_squared_error": np.array([[0.0, 1.0], [2.0, -1.0], [4.0, 3.0]]),
    "softmax_cross_entropy": np.eye(3)[[0, 0, 1, 2, 2, 2]],
    "sigmoid_cross_entropy": np.array([[0.0], [1.0], [1.0], [1.0]]),
}


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_no_other_constant_has_a_lower_mean_error(name):
    loss, targets = LOSSES[name](), TARGETS[name]
    best = loss.best_constant(targets)
    lowest = loss.errors(np.broadcast_to(best, targets.shape), targets).mean()
    for step in np.random.default_rng(1).normal(size=(50, len(best))):
        assert loss.errors(np.broadcast_to(best + 0.1 * step, targets.shape), targets).mean() >= lowest - 1e-12


@pytest.mark.parametrize(
    ("loss", "targets", "others"),
    [
        (SoftmaxCrossEntropy(), np.eye(3)[[0, 1]], np.eye(3)[[2]]),
        (SigmoidCrossEntropy(), np.ones((4, 1)), np.zeros((1, 1))),
    ],
)
def test_a_class_without_training_examples_costs_a_finite_error(loss, targets, others):
    best = loss.best_constant(targets)
    assert 1 < loss.errors(best[np.newaxis], others)[0] < 5


@pytest.mark.parametrize(
    ("source", "reading", "loss"),
    [
        ("diabetes", Numbers(), HalfSquaredError()),
        ("digits", OnePerClass(), SoftmaxCrossEntropy()),
        ("iris", Unrecognized(share=0.2), HalfSquaredError()),
        ("moons", ZeroOne(), SigmoidCrossEntropy()),
    ],
)
def test_it_is_measured_on_the_examples_of_training_and_sampled_like_the_evidence(source, reading, loss):
    dataset, preparation = load_dataset(source), Preparation(Division(0.3), "standard", "standard")
    whole = split_examples(dataset, preparation.division, seed=3, repeat=2)
    targets = encoded_targets(dataset, preparation, reading, whole, seed=3, repeat=2)
    examples = prepare_examples(dataset, preparation, reading, seed=3, repeat=2, dtype="float64")
    for found, expected in zip(targets, (examples.training_targets, examples.validation_targets), strict=True):
        np.testing.assert_array_equal(found, expected)
    floor = floor_of(targets, loss, seed=3, repeat=2, measured_examples=60)
    constant = loss.best_constant(targets[0])
    errors = [loss.errors(np.broadcast_to(constant, each.shape), each) for each in targets]
    assert (floor.e_t, floor.e_v) == (errors[0].mean(), errors[1].mean())
    assert floor.sample.shape == (2, min(60, len(targets[0])))


def test_the_sampled_examples_are_those_of_the_evidence(make_member, make_shape, make_repeats):
    """All examples are different, so the errors show which of them were sampled."""
    shape = make_shape((3, 4, 1), 4)
    examples = make_repeats(shape, (400, 300))
    repeats = Repeats([make_member(repeat=1)], examples)
    targets = [repeats.training[1][0], repeats.validation[1][0]]
    floor = floor_of(targets, HalfSquaredError(), seed=repeats.keys[0][0], repeat=1, measured_examples=None)
    for side in (0, 1):
        (chosen,) = repeats.choose_sample(250, side)
        expected = 0.5 * ((targets[side][chosen] - targets[0].mean(axis=0)) ** 2).sum(axis=1)
        np.testing.assert_allclose(floor.sample[side], expected, rtol=1e-5)
