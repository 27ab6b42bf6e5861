"""Tests of the data sets drawn from the seed."""

import numpy as np
import pytest
from fitgap.runner.data import fingerprint, load_dataset
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("name", ["sine", "moons", "separable"])
def test_equal_seeds_give_equal_sets(name):
    np.random.seed(1)
    first = fingerprint(load_dataset(name, seed=7))
    np.random.seed(2)
    assert fingerprint(load_dataset(name, seed=7)) == first
    assert fingerprint(load_dataset(name, seed=8)) != first


def test_sine_without_noise_is_the_sine():
    sine = load_dataset("sine", options={"noise": 0, "examples": 500})
    assert sine.inputs.shape == sine.targets.shape == (500, 1)
    assert np.array_equal(sine.targets, np.sin(sine.inputs))
    assert -np.pi <= sine.inputs.min() < -3 and 3 < sine.inputs.max() <= np.pi


def test_noise_has_the_standard_deviation_asked_for():
    sine = load_dataset("sine", options={"noise": 0.5, "examples": 100_000})
    assert (sine.targets - np.sin(sine.inputs)).std() == pytest.approx(0.5, rel=0.02)


def test_moons_without_noise_lie_on_two_half_circles():
    moons = load_dataset("moons", options={"noise": 0, "examples": 301})
    upper = moons.targets[:, 0] == 0
    assert moons.class_names == ("upper", "lower")
    assert (upper.sum(), moons.example_count) == (150, 301)
    for points, centre in ((moons.inputs[upper], (0, 0)), (moons.inputs[~upper], (1, 0.5))):
        assert np.hypot(*(points - centre).T) == pytest.approx(1)
    assert (moons.inputs[upper, 1] >= 0).all()
    assert (moons.inputs[~upper, 1] <= 0.5).all()


SEPARABLE = st.fixed_dictionaries(
    {
        "examples": st.integers(2, 60),
        "inputs": st.sampled_from([1, 2, 3, 10, 100]),
        "margin": st.sampled_from([0, 0.1, 0.25]),
    }
)


@given(SEPARABLE, st.integers(0, 1000))
def test_both_sides_of_the_line_have_points(options, seed):
    dataset = load_dataset("separable", options=options, seed=seed)
    assert dataset.inputs.shape == (options["examples"], options["inputs"])
    assert (np.abs(dataset.inputs) <= 1).all()
    assert set(dataset.targets[:, 0]) == {0, 1}
    assert dataset.class_names == ("0", "1")


@pytest.mark.parametrize("seed", range(5))
def test_a_perceptron_separates_what_is_separable(seed):
    """It errs at most (R/margin)^2 times (Novikoff 1962), with R^2 <= 4: the point, and 1 for the bias."""
    dataset = load_dataset("separable", seed=seed)
    points = np.column_stack([dataset.inputs, np.ones(200)])
    signs = 2 * dataset.targets[:, 0] - 1
    weights, errors = np.zeros(3), 0
    while (wrong := np.flatnonzero(signs * (points @ weights) <= 0)).size:
        weights += signs[wrong[0]] * points[wrong[0]]
        errors += 1
        assert errors <= 4 * 4 / 0.1**2


@pytest.mark.parametrize("margin", [0.05, 0.25])
def test_points_keep_their_distance_from_the_line(margin):
    """On one axis the line is a point, and the two sides are twice the margin apart."""
    dataset = load_dataset("separable", options={"inputs": 1, "margin": margin, "examples": 5000})
    low, high = (dataset.inputs[dataset.targets == each] for each in (0, 1))
    gap = max(low.min() - high.max(), high.min() - low.max())
    assert 2 * margin <= gap < 2 * margin + 0.01
