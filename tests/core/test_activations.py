"""Every activation function against finite differences, its formula, and numbers that are too large."""

import math

import numpy as np
import pytest

from core.activations import ACTIVATIONS
from core.groups import stack_numbers

FORMULAS = {
    "identity": lambda x: x,
    "sigmoid": lambda x, beta, gamma: gamma / (1 + math.exp(-beta * x)),
    "tanh": lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)),
    "relu": lambda x: x if x > 0 else 0,
    "prelu": lambda x, beta: x if x > 0 else beta * x,
}


@pytest.fixture(params=sorted(ACTIVATIONS))
def name(request):
    return request.param


@pytest.fixture
def kind(name):
    return ACTIVATIONS[name]


@pytest.fixture
def members(kind, draw_variant):
    """Eight variants of the function with parameters of their own."""
    rng = np.random.default_rng(1)
    return [draw_variant(kind, rng) for _ in range(8)]


def values(kind, x, numbers):
    out = np.full_like(x, np.nan)
    kind.value(x, out, **numbers)
    return out


def derivatives(kind, x, numbers):
    out = np.full_like(x, np.nan)
    kind.derivative(x, values(kind, x, numbers), out, **numbers)
    return out


def moderate_points(members, dtype="float64"):
    """Points (k, 30, 4) between −6 and 6 and not nearer to 0 than 0.01."""
    size = np.random.default_rng(2).uniform(0.01, 6, (len(members), 30, 4))
    sign = np.random.default_rng(3).choice([-1, 1], size.shape)
    return (size * sign).astype(dtype)


def test_derivative_agrees_with_central_differences(kind, members):
    x, numbers, h = moderate_points(members), stack_numbers(members, "float64", 3), 1e-5
    difference = (values(kind, x + h, numbers) - values(kind, x - h, numbers)) / (2 * h)
    np.testing.assert_allclose(derivatives(kind, x, numbers), difference, rtol=1e-7, atol=1e-7)


def test_derivative_at_zero_is_that_from_the_left(kind, members):
    """The convention for kinks: ReLU′(0) = 0, PReLU′(0) = β; smooth functions have no choice."""
    x, numbers, h = np.zeros((len(members), 1, 1)), stack_numbers(members, "float64", 3), 1e-5
    f = [values(kind, x - step * h, numbers) for step in range(3)]
    from_the_left = (3 * f[0] - 4 * f[1] + f[2]) / (2 * h)
    np.testing.assert_allclose(derivatives(kind, x, numbers), from_the_left, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(("name", "expected"), [("relu", 0), ("prelu", 0.25)])
def test_derivative_of_the_relu_family_at_zero(name, expected, zero):
    numbers = {"beta": np.full((1, 1, 1), 0.25)} if name == "prelu" else {}
    assert derivatives(ACTIVATIONS[name], np.full((1, 1, 1), zero), numbers) == expected


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_value_agrees_with_the_formula(name, members):
    x = moderate_points(members)
    computed = values(ACTIVATIONS[name], x, stack_numbers(members, "float64", 3))
    for row, member in enumerate(members):
        expected = [FORMULAS[name](float(point), **member.settings()) for point in x[row].flat]
        np.testing.assert_allclose(computed[row].ravel(), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_numbers_neither_overflow_nor_become_nan(kind, members, dtype):
    sizes = np.concatenate([[0], 10 ** np.linspace(-8, 4, 200)])
    x = np.broadcast_to(np.concatenate([-sizes, sizes]), (len(members), 402))[..., None].astype(dtype)
    numbers = stack_numbers(members, dtype, 3)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        f, slope = values(kind, x, numbers), derivatives(kind, x, numbers)
    assert f.dtype == slope.dtype == dtype
    assert np.isfinite(f).all() and np.isfinite(slope).all()


def test_single_precision_is_the_rounded_double_precision(kind, members):
    x = np.linspace(-1e4, 1e4, 999)[None, :, None] * np.ones((len(members), 1, 1))
    single, double = stack_numbers(members, "float32", 3), stack_numbers(members, "float64", 3)
    for function in (values, derivatives):
        in_single, in_double = function(kind, x.astype("float32"), single), function(kind, x, double)
        assert (abs(in_single - in_double) <= 1e-6 * (1 + abs(x)) + 1e-5 * abs(in_double)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivative_may_overwrite_the_pre_activation(kind, members, dtype):
    x, numbers = moderate_points(members, dtype), stack_numbers(members, dtype, 3)
    x[:, 0] = 0
    expected = derivatives(kind, x, numbers)
    overwritten = x.copy()
    kind.derivative(overwritten, values(kind, x, numbers), overwritten, **numbers)
    assert np.array_equal(overwritten, expected)


def test_value_leaves_the_pre_activation_alone(kind, members):
    x, numbers = moderate_points(members), stack_numbers(members, "float64", 3)
    before = x.copy()
    values(kind, x, numbers)
    assert np.array_equal(x, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_member_has_its_own_parameters(kind, members, dtype):
    """A run of members with different parameters computes what each would alone."""
    x, numbers = moderate_points(members, dtype), stack_numbers(members, dtype, 3)
    for function in (values, derivatives):
        together = function(kind, x, numbers)
        for row, member in enumerate(members):
            alone = function(kind, x[row : row + 1], stack_numbers([member], dtype, 3))
            assert np.array_equal(together[row], alone[0])
