"""Every loss against finite differences and its formula."""

import numpy as np
import pytest

from core.losses import LOSSES, HalfSquaredError


@pytest.fixture(params=sorted(LOSSES))
def loss(request, draw_variant):
    return draw_variant(LOSSES[request.param], np.random.default_rng(5))


def drawn(dtype="float64"):
    """Outputs and targets (2, 6, 3) between 0 and 1."""
    rng = np.random.default_rng(6)
    return rng.uniform(0.05, 0.95, (2, 6, 3)).astype(dtype), rng.uniform(0.05, 0.95, (2, 6, 3)).astype(dtype)


def test_gradient_agrees_with_central_differences(loss):
    outputs, targets = drawn()
    gradient, h = np.full_like(outputs, np.nan), 1e-5
    loss.gradient(outputs, targets, out=gradient)
    for column in range(outputs.shape[-1]):
        step = np.zeros(outputs.shape[-1])
        step[column] = h
        difference = (loss.errors(outputs + step, targets) - loss.errors(outputs - step, targets)) / (2 * h)
        np.testing.assert_allclose(gradient[..., column], difference, rtol=1e-7, atol=1e-9)


def test_one_error_per_example_in_double_precision(loss):
    outputs, targets = drawn("float32")
    errors = loss.errors(outputs, targets)
    assert errors.shape == (2, 6)
    assert errors.dtype == np.float64


def test_errors_of_an_example_do_not_depend_on_the_others(loss):
    outputs, targets = drawn()
    alone = loss.errors(outputs[1:, 2:3], targets[1:, 2:3])
    assert np.array_equal(alone[0, 0], loss.errors(outputs, targets)[1, 2])


def test_gradient_has_the_dtype_of_training(loss):
    outputs, targets = drawn("float32")
    gradient = np.empty_like(outputs)
    loss.gradient(outputs, targets, out=gradient)
    assert gradient.dtype == np.float32
    assert np.isfinite(gradient).all()


def test_half_squared_error_is_half_the_sum_over_the_outputs():
    outputs, targets = np.array([[[1.0, 2.0, 3.0]]]), np.array([[[0.0, 4.0, 3.0]]])
    assert HalfSquaredError.errors(outputs, targets) == 0.5 * (1 + 4)


def test_half_squared_error_rises_with_an_output_that_is_too_large():
    """Correction 3: the derivative is a − y; y − a, as printed, climbs the error."""
    gradient = np.empty((1, 1, 2))
    HalfSquaredError.gradient(np.array([[[3.0, 1.0]]]), np.array([[[1.0, 2.0]]]), out=gradient)
    assert gradient.tolist() == [[[2.0, -1.0]]]


def test_half_squared_error_subtracts_in_double_precision():
    outputs, targets = np.full((1, 1, 1), 1e30, "float32"), np.zeros((1, 1, 1), "float32")
    assert HalfSquaredError.errors(outputs, targets) == pytest.approx(0.5e60, rel=1e-6)
