"""Tests of the data sets drawn from the seed."""

import numpy as np
import pytest

from runner.sources import fingerprint, load_dataset


@pytest.mark.parametrize("name", ["sine", "moons"])
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
    upper = moons.targets[:, 0] == 1
    assert (upper.sum(), moons.example_count) == (150, 301)
    for points, centre in ((moons.inputs[upper], (0, 0)), (moons.inputs[~upper], (1, 0.5))):
        assert np.hypot(*(points - centre).T) == pytest.approx(1)
    assert (moons.inputs[upper, 1] >= 0).all()
    assert (moons.inputs[~upper, 1] <= 0.5).all()
