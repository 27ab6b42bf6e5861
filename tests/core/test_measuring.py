"""E, its standard error and the accuracy against direct computation."""

import numpy as np
import pytest

from core import measuring
from core.activations import Sigmoid, Tanh
from core.layers import Layout
from core.losses import HalfSquaredError
from core.measuring import CHUNK, Measurer, standard_error, told_right

COUNTS = [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 300]
REPEAT_ROWS = np.array([1, 0, 1])


@pytest.fixture
def measured(make_member, make_networks):
    """`measured(examples, outputs)`: three members of two repeats, their measurement, outputs and targets."""

    def measure(example_count, output_count, *, classes=True):
        rng = np.random.default_rng(24)
        inputs = rng.normal(size=(2, example_count, 4))
        targets = np.eye(max(output_count, 2))[rng.integers(0, output_count + (output_count == 1), (2, example_count))]
        targets = np.ascontiguousarray(targets[..., -output_count:])
        members = [make_member(output_activation=kind) for kind in (Sigmoid(), Sigmoid(), Tanh())]
        networks = make_networks(Layout((4, 6, output_count)), members)
        measurement = Measurer(inputs, targets, HalfSquaredError(), classes=classes).measure(networks, REPEAT_ROWS)
        return measurement, direct_outputs(networks, inputs[REPEAT_ROWS]), targets[REPEAT_ROWS]

    return measure


def direct_outputs(networks, inputs):
    hidden = [np.tanh(x @ w.T + b) for x, w, b in zip(inputs, networks.weights[0], networks.biases[0], strict=True)]
    sums = [a @ w.T + b for a, w, b in zip(hidden, networks.weights[1], networks.biases[1], strict=True)]
    return np.stack([1 / (1 + np.exp(-sums[0])), 1 / (1 + np.exp(-sums[1])), np.tanh(sums[2])])


@pytest.mark.parametrize("example_count", COUNTS)
def test_error_is_the_mean_over_the_examples_of_each_members_repeat(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    errors = 0.5 * ((outputs - targets) ** 2).sum(axis=2)
    np.testing.assert_allclose(measurement.error, errors.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("example_count", COUNTS)
def test_standard_error_is_that_of_the_mean_of_the_examples(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    errors = 0.5 * ((outputs - targets) ** 2).sum(axis=2)
    if example_count == 1:
        assert np.isnan(measurement.standard_error).all()
    else:
        squares = ((errors - errors.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        expected = np.sqrt(squares / (example_count - 1) / example_count)
        np.testing.assert_allclose(measurement.standard_error, expected, rtol=1e-10)


@pytest.mark.parametrize("example_count", COUNTS)
def test_accuracy_is_the_share_whose_largest_output_is_the_class(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    right = outputs.argmax(axis=2) == targets.argmax(axis=2)
    assert measurement.accuracy.tolist() == right.mean(axis=1).tolist()
    assert example_count < 100 or 0.05 < right.mean() < 0.95


@pytest.mark.parametrize("example_count", COUNTS)
def test_accuracy_of_one_output_is_told_against_one_half(measured, example_count):
    measurement, outputs, targets = measured(example_count, 1)
    right = (outputs[..., 0] > 0.5) == (targets[..., 0] == 1)
    assert measurement.accuracy.tolist() == right.mean(axis=1).tolist()
    assert example_count < 100 or 0.05 < right.mean() < 0.95


def test_numbers_have_no_accuracy(measured):
    assert measured(10, 3, classes=False)[0].accuracy is None


@pytest.mark.parametrize("chunk", [1, 7, 299, 300, 301])
def test_where_chunks_end_does_not_matter(measured, monkeypatch, chunk):
    expected = measured(300, 3)[0]
    monkeypatch.setattr(measuring, "CHUNK", chunk)
    computed = measured(300, 3)[0]
    np.testing.assert_allclose(computed.error, expected.error, rtol=1e-13)
    np.testing.assert_allclose(computed.standard_error, expected.standard_error, rtol=1e-12)
    assert computed.accuracy.tolist() == expected.accuracy.tolist()


def test_measuring_again_gives_the_same_with_more_or_fewer_members(make_member, make_networks):
    """Workspaces are kept from call to call and must not leak from one to the next."""
    rng, layout = np.random.default_rng(25), Layout((4, 6, 3))
    members = [make_member()] * 3
    networks = make_networks(layout, members)
    measurer = Measurer(rng.normal(size=(2, 300, 4)), rng.uniform(size=(2, 300, 3)), HalfSquaredError(), classes=True)
    first = measurer.measure(networks, REPEAT_ROWS)
    assert measurer.measure(networks, REPEAT_ROWS).error.tolist() == first.error.tolist()
    networks.keep(np.array([0, 2]), members[:2])
    assert measurer.measure(networks, REPEAT_ROWS[[0, 2]]).error.tolist() == first.error[[0, 2]].tolist()


def test_errors_are_summed_in_double_precision(make_member, make_networks):
    """A large error among many small ones: in float32 the small ones would be lost."""
    networks = make_networks(Layout((1, 1)), [make_member()], dtype="float32")
    networks.parameters[:] = 0
    targets = np.full((1, 1001, 1), 1e-3, "float32")
    targets[0, 0] = 1e4
    measurement = Measurer(np.ones_like(targets), targets, HalfSquaredError(), classes=False).measure(
        networks, np.array([0])
    )
    expected = (0.5e8 + 1000 * 0.5 * np.float64(np.float32(1e-3)) ** 2) / 1001
    assert measurement.error[0] == pytest.approx(expected, rel=1e-14)
    assert measurement.error.dtype == measurement.standard_error.dtype == np.float64


def test_standard_error_of_known_numbers():
    assert standard_error(np.array([[1.0, 3.0], [2.0, 2.0]])).tolist() == [1.0, 0.0]


def test_one_half_itself_is_the_lower_class():
    outputs, targets = np.array([[[0.5], [0.5], [0.51], [0.51]]]), np.array([[[0.0], [1.0], [0.0], [1.0]]])
    assert told_right(outputs, targets).tolist() == [[True, False, False, True]]
