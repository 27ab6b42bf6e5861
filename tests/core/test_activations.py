"""Every form of every activation function, compared with high precision and finite differences, and for very large
numbers.
"""

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.member_groups import stack_numbers
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS


def sigmoid(x, beta, gamma):
    return gamma / (1 + (-beta * x).exp())


def softplus(x, beta, gamma):
    return gamma / beta * (1 + (beta * x).exp()).ln()


def tanh(x):
    return ((2 * x).exp() - 1) / ((2 * x).exp() + 1)


# In decimal arithmetic, as in the notes. Threshold and sign are 0 and −1 at 0, which the notes leave open.
FORMULAS = {
    "identity": lambda x: x,
    "threshold": lambda x: Decimal(x > 0),
    "sign": lambda x: Decimal(1 if x > 0 else -1),
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": lambda x: max(x, Decimal(0)),
    "prelu": lambda x, beta: x if x > 0 else beta * x,
    "silu": lambda x, beta, gamma: x * sigmoid(x, beta, gamma),
    "elu": lambda x, beta: x if x > 0 else beta * (x.exp() - 1),
    "softplus": softplus,
    "mish": lambda x, beta: x * tanh(softplus(x, beta, 1)),
    "squareplus": lambda x, beta: (x + (x * x + beta).sqrt()) / 2,
}
NAMES = {kind: name for name, kind in ACTIVATIONS.items()}


@pytest.fixture
def kind(activation_form):
    return activation_form[0]


@pytest.fixture
def members(activation_form, draw_variant):
    """Eight variants of the function with different parameters."""
    kind, form = activation_form
    rng = np.random.default_rng(1)
    return [draw_variant(kind, rng, **form) for _ in range(8)]


def own_numbers(members, dtype="float64"):
    """β and γ of the members as arrays (k, 1, 1), if the function has them."""
    numbers = stack_numbers(members, dtype, 3)
    return {name: values for name, values in numbers.items() if name in FUNCTION_PARAMETERS}


def values(kind, x, numbers):
    out = np.full_like(x, np.nan)
    kind.value(x, out, **numbers)
    return out


def derivatives(kind, x, numbers):
    out = np.full_like(x, np.nan)
    kind.derivative(x, values(kind, x, numbers), out, **numbers)
    return out


def changes(kind, x, numbers):
    return kind.by_parameter(x, values(kind, x, numbers), **numbers)


def everything(kind, x, numbers):
    """f, f′, ∂f/∂β and ∂f/∂γ by name, in the shape of x."""
    by_parameter = {name: np.broadcast_to(each, x.shape) for name, each in changes(kind, x, numbers).items()}
    return {"value": values(kind, x, numbers), "derivative": derivatives(kind, x, numbers), **by_parameter}


def moderate_points(members, dtype="float64"):
    """Points (k, 30, 4) between −6 and 6, but at least 0.01 away from 0."""
    size = np.random.default_rng(2).uniform(0.01, 6, (len(members), 30, 4))
    sign = np.random.default_rng(3).choice([-1, 1], size.shape)
    return (size * sign).astype(dtype)


def exact(name, x, settings):
    """f, f′ and the derivatives with respect to β and γ at one point, to about 30 digits, by differences with 90
    digits.
    """
    formula, step = FORMULAS[name], Decimal("1e-30")
    settings = {key: Decimal(value) for key, value in settings.items()}

    def difference(by):
        up, down = ({**settings, "x": Decimal(x)} for _ in range(2))
        up[by] += step
        down[by] -= step
        return (formula(**up) - formula(**down)) / (2 * step)

    return {"value": formula(Decimal(x), **settings), "derivative": difference("x")} | {
        key: difference(key) for key in settings
    }


def test_every_function_has_its_formula_here():
    assert sorted(FORMULAS) == sorted(ACTIVATIONS)


def test_everything_agrees_with_high_precision(kind, members):
    """For |x| up to 30: to 12 digits of the result or, after cancellation, to 1e-14 of 1 + |x|."""
    size = np.geomspace(1e-3, 30, 14)
    x = np.broadcast_to(np.concatenate([-size, size]), (len(members), 28))[..., None]
    numbers = own_numbers(members)
    computed = everything(kind, x, numbers)
    with decimal.localcontext(prec=90):
        for row, column, _ in np.ndindex(x.shape):
            settings = {name: float(values[row, 0, 0]) for name, values in numbers.items()}
            expected = exact(NAMES[kind], float(x[row, column, 0]), settings)
            for name, found in computed.items():
                tolerance = 1e-14 * (1 + abs(x[row, column, 0]))
                assert found[row, column, 0] == pytest.approx(float(expected[name]), rel=1e-12, abs=tolerance), name


def test_derivative_agrees_with_central_differences(kind, members):
    x, numbers, h = moderate_points(members), own_numbers(members), 1e-5
    difference = (values(kind, x + h, numbers) - values(kind, x - h, numbers)) / (2 * h)
    np.testing.assert_allclose(derivatives(kind, x, numbers), difference, rtol=1e-7, atol=1e-7)


def test_derivatives_by_parameters_agree_with_central_differences(kind, members):
    """Regardless of which of them are learned: `by_parameter` gives both."""
    x, numbers = moderate_points(members), own_numbers(members)
    computed = changes(kind, x, numbers)
    for name in computed:
        h = 1e-3 * np.minimum(abs(numbers[name]), 1)
        f = {steps: values(kind, x, {**numbers, name: numbers[name] + steps * h}) for steps in (-3, -2, -1, 1, 2, 3)}
        difference = (45 * (f[1] - f[-1]) - 9 * (f[2] - f[-2]) + (f[3] - f[-3])) / (60 * h)
        np.testing.assert_allclose(np.broadcast_to(computed[name], x.shape), difference, rtol=1e-7, atol=1e-7)


def test_what_can_be_learned_has_a_derivative_and_is_a_number(kind, activation_form, draw_variant):
    member = draw_variant(kind, np.random.default_rng(4), **activation_form[1])
    assert set(member.learned) <= set(changes(kind, np.ones((1, 1, 1)), own_numbers([member])))
    assert set(member.learned) <= set(kind.number_names())
    assert "+".join(member.learned) == ("" if member.learn == "nothing" else member.learn)


def test_derivative_at_zero_is_that_from_the_left(kind, members):
    """The convention for kinks: ReLU′(0) = 0, PReLU′(0) = ELU′(0) = β; smooth functions have no choice."""
    x, numbers, h = np.zeros((len(members), 1, 1)), own_numbers(members), 1e-5
    f = [values(kind, x - step * h, numbers) for step in range(4)]
    from_the_left = (11 * f[0] - 18 * f[1] + 9 * f[2] - 2 * f[3]) / (6 * h)
    np.testing.assert_allclose(derivatives(kind, x, numbers), from_the_left, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(("name", "expected"), [("relu", 0), ("prelu", 0.25), ("elu", 0.25)])
def test_derivative_of_the_relu_family_at_zero(name, expected, zero):
    numbers = {} if name == "relu" else {"beta": np.full((1, 1, 1), 0.25)}
    assert derivatives(ACTIVATIONS[name], np.full((1, 1, 1), zero), numbers) == expected


@pytest.mark.parametrize(("name", "left"), [("threshold", 0), ("sign", -1)])
def test_steps_rise_right_after_zero_and_have_no_slope(name, left):
    x = np.array([-1e4, -1e-9, -0.0, 0.0, 1e-9, 1e4]).reshape(1, 6, 1)
    assert values(ACTIVATIONS[name], x, {}).ravel().tolist() == [left] * 4 + [1, 1]
    assert not derivatives(ACTIVATIONS[name], x, {}).any()
    assert not ACTIVATIONS[name].differentiable


def test_derivative_of_silu_has_its_beta():
    """Correction 2: as printed, σ·(1 + x − σ/γ), it is wrong even for β = γ = 1."""
    numbers = {"beta": np.full((1, 1, 1), 2.0), "gamma": np.full((1, 1, 1), 3.0)}
    sigma = 3 / (1 + math.exp(-2 * 0.5))
    found = derivatives(ACTIVATIONS["silu"], np.full((1, 1, 1), 0.5), numbers)
    assert found == pytest.approx(sigma * (1 + 2 * 0.5 * (1 - sigma / 3)), rel=1e-14)
    assert found != pytest.approx(sigma * (1 + 0.5 - sigma / 3), rel=0.1)


def extreme_points(members, dtype):
    sizes = np.concatenate([[0], 10 ** np.linspace(-8, 4, 200)])
    return np.broadcast_to(np.concatenate([-sizes, sizes]), (len(members), 402))[..., None].astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_numbers_neither_overflow_nor_become_nan(kind, members, dtype):
    """Nor is there a warning: warnings are errors here."""
    x, numbers = extreme_points(members, dtype), own_numbers(members, dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        computed = everything(kind, x, numbers)
    for name, found in computed.items():
        assert found.dtype == dtype, name
        assert np.isfinite(found).all(), name


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("edge", [1e-6, 1e-3, 1e3])
def test_parameters_near_the_edges_of_their_domains_are_no_danger(kind, dtype, edge):
    names = [name for name in kind.number_names() if name in FUNCTION_PARAMETERS]
    members = [kind(**{name: edge for name in names})]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        computed = everything(kind, extreme_points(members, dtype), own_numbers(members, dtype))
    assert all(np.isfinite(found).all() for found in computed.values())


@pytest.mark.parametrize("name", ["elu", "squareplus"])
def test_a_beta_of_zero_gives_relu(name):
    x, numbers = np.array([-1e4, -1.0, -1e-9, 1e-9, 1.0, 1e4]).reshape(1, 6, 1), {"beta": np.zeros((1, 1, 1))}
    computed = everything(ACTIVATIONS[name], x, numbers)
    assert np.array_equal(computed["value"], np.maximum(x, 0))
    assert np.array_equal(computed["derivative"], np.where(x > 0, 1.0, 0.0))
    assert all(np.isfinite(found).all() for found in everything(ACTIVATIONS[name], 0 * x, numbers).values())


def test_single_precision_is_the_rounded_double_precision(kind, members):
    x = np.linspace(-1e4, 1e4, 999)[None, :, None] * np.ones((len(members), 1, 1))
    single, double = own_numbers(members, "float32"), own_numbers(members)
    for function in (values, derivatives):
        in_single, in_double = function(kind, x.astype("float32"), single), function(kind, x, double)
        assert np.allclose(in_single, in_double, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivative_may_overwrite_the_pre_activation(kind, members, dtype):
    x, numbers = moderate_points(members, dtype), own_numbers(members, dtype)
    x[:, 0] = 0
    expected = derivatives(kind, x, numbers)
    overwritten = x.copy()
    kind.derivative(overwritten, values(kind, x, numbers), overwritten, **numbers)
    assert np.array_equal(overwritten, expected)


def test_nothing_but_the_result_is_written(kind, members):
    x, numbers = moderate_points(members), own_numbers(members)
    before = x.copy(), {name: array.copy() for name, array in numbers.items()}
    a = values(kind, x, numbers)
    a_before = a.copy()
    kind.by_parameter(x, a, **numbers)
    kind.derivative(x, a, np.empty_like(x), **numbers)
    assert np.array_equal(x, before[0]) and np.array_equal(a, a_before)
    assert all(np.array_equal(numbers[name], array) for name, array in before[1].items())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_member_has_its_own_parameters(kind, members, dtype):
    """A run of members with different parameters gives the same results as each member alone."""
    x, numbers = moderate_points(members, dtype), own_numbers(members, dtype)
    together = everything(kind, x, numbers)
    for row, member in enumerate(members):
        alone = everything(kind, x[row : row + 1], own_numbers([member], dtype))
        for name, found in together.items():
            assert np.array_equal(found[row], alone[name][0]), name
