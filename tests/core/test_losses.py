"""Every loss, compared with finite differences and its formula."""

import decimal
from decimal import Decimal

import numpy as np
import pytest
from fitgap.core.losses import LOSSES, HalfSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.target_coding import READINGS


@pytest.fixture(params=sorted(LOSSES))
def loss(request, draw_variant):
    return draw_variant(LOSSES[request.param], np.random.default_rng(5))


def drawn(dtype="float64"):
    """Outputs (2, 6, 3), and targets between 0 and 1 that sum to 1, like those of classes."""
    rng = np.random.default_rng(6)
    outputs, targets = rng.uniform(0.05, 0.95, (2, 6, 3)), rng.uniform(0.05, 0.95, (2, 6, 3))
    return outputs.astype(dtype), (targets / targets.sum(axis=2, keepdims=True)).astype(dtype)


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


def test_outputs_and_targets_are_left_alone(loss):
    outputs, targets = drawn()
    before = outputs.copy(), targets.copy()
    loss.errors(outputs, targets)
    loss.gradient(outputs, targets, out=np.empty_like(outputs))
    loss.linked(outputs)
    assert np.array_equal(outputs, before[0]) and np.array_equal(targets, before[1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_of_any_size_give_finite_numbers_and_no_warning(loss, dtype):
    sizes = np.concatenate([[0], 10 ** np.linspace(-8, 4, 50)])
    values = np.concatenate([-sizes, sizes])
    outputs = np.stack(np.meshgrid(values, values), axis=-1).reshape(1, -1, 2).astype(dtype)
    for target in ([0.0, 1.0], [1.0, 0.0], [0.5, 0.5]):
        targets = np.broadcast_to(np.array(target, dtype), outputs.shape)
        gradient = np.empty_like(outputs)
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            errors, linked = loss.errors(outputs, targets), loss.linked(outputs)
            loss.gradient(outputs, targets, out=gradient)
        assert all(np.isfinite(each).all() for each in (errors, linked, gradient))
        assert (errors >= -1e-12).all()
        assert linked.dtype == gradient.dtype == dtype


def decimal_cross_entropy(kind, outputs, targets):
    """The formula as written, in decimal arithmetic that neither rounds nor overflows."""
    a, y = [Decimal(float(each)) for each in outputs], [Decimal(float(each)) for each in targets]
    if kind is SoftmaxCrossEntropy:
        total = sum(each.exp() for each in a)
        return -sum(target * (each.exp() / total).ln() for each, target in zip(a, y, strict=True))
    one = Decimal(1)
    shares = [one / (one + (-each).exp()) for each in a]
    return -sum(t * p.ln() + (one - t) * (one - p).ln() for p, t in zip(shares, y, strict=True))


@pytest.mark.parametrize("size", [1, 10, 100])
@pytest.mark.parametrize("kind", [SoftmaxCrossEntropy, SigmoidCrossEntropy])
def test_cross_entropy_agrees_with_its_formula(kind, size):
    """Also for shares so close to 0 or 1 that the formula fails in floating point."""
    outputs, targets = np.random.default_rng(7).normal(scale=size, size=(1, 40, 3)), drawn()[1][:1, :1]
    outputs[0, 0] = 0
    targets = np.broadcast_to(targets, outputs.shape).copy()
    targets[0, 20:] = [0, 1, 0]
    # A share may differ from 1 by as little as e^(−4·size).
    with decimal.localcontext(prec=50 + 4 * size):
        expected = [decimal_cross_entropy(kind, a, y) for a, y in zip(outputs[0], targets[0], strict=True)]
    np.testing.assert_allclose(
        kind.errors(outputs, targets)[0], [float(each) for each in expected], rtol=1e-12, atol=1e-13 * size
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_answers_of_the_cross_entropies_are_shares(dtype):
    outputs = np.random.default_rng(8).normal(scale=3, size=(1, 40, 3)).astype(dtype)
    softmax, sigmoid = SoftmaxCrossEntropy.linked(outputs), SigmoidCrossEntropy.linked(outputs)
    powers = np.exp(outputs.astype(np.float64))
    np.testing.assert_allclose(softmax, powers / powers.sum(axis=2, keepdims=True), rtol=2e-6)
    np.testing.assert_allclose(sigmoid, powers / (1 + powers), rtol=2e-6, atol=1e-7)


def test_cross_entropy_of_a_network_that_knows_nothing():
    zeros = np.zeros((1, 1, 4))
    assert SoftmaxCrossEntropy.errors(zeros, np.eye(4)[None, :1]) == pytest.approx(np.log(4), rel=1e-15)
    assert SigmoidCrossEntropy.errors(zeros[..., :1], np.ones((1, 1, 1))) == pytest.approx(np.log(2), rel=1e-15)


def test_the_loss_without_a_function_of_its_own_reads_outputs_as_they_are():
    outputs = drawn()[0]
    assert np.array_equal(HalfSquaredError.linked(outputs), outputs)


def test_a_loss_names_readings_that_there_are(loss):
    assert set(loss.readings) <= set(READINGS)
    assert bool(loss.link) == (not np.array_equal(loss.linked(drawn()[0]), drawn()[0]))


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
