"""Every optimizer, compared with a scalar reference, on functions with a known minimum, and per member."""

import math

import numpy as np
import pytest
from fitgap.core.member_groups import stack_numbers
from fitgap.core.optimizers import OPTIMIZERS, Adam, AdamW, GradientDescent, HeavyBall, Momentum, RMSProp


def gradient_descent(w, gradients, rate):
    for gradient in gradients:
        w -= rate * gradient
    return w


def momentum(w, gradients, rate, beta):
    velocity = 0.0
    for gradient in gradients:
        velocity = beta * velocity + (1 - beta) * gradient
        w -= rate * velocity
    return w


def heavy_ball(w, gradients, rate, beta):
    """Polyak 1964, eq. (9): w(t+1) = w(t) − α∇C + β(w(t) − w(t−1))."""
    before = w
    for gradient in gradients:
        w, before = w - rate * gradient + beta * (w - before), w
    return w


def nesterov(w, gradients, rate, beta):
    """The step is the one that would follow if the same gradient came once more."""
    velocity = 0.0
    for gradient in gradients:
        velocity = beta * velocity + (1 - beta) * gradient
        w -= rate * (beta * velocity + (1 - beta) * gradient)
    return w


def rmsprop(w, gradients, rate, beta, epsilon):
    square = 0.0
    for gradient in gradients:
        square = beta * square + (1 - beta) * gradient**2
        w -= rate / math.sqrt(square + epsilon) * gradient
    return w


def adam(w, gradients, rate, beta_1, beta_2, epsilon, form):
    """Kingma & Ba 2015, Alg. 1, line by line; or Magyar 2024, Alg. 23 with corrections 10 and 11."""
    mean = square = 0.0
    for t, gradient in enumerate(gradients, start=1):
        mean = beta_1 * mean + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
        if form == "notes":
            w -= rate / math.sqrt(square + epsilon) * mean
        else:
            corrected_mean = mean / (1 - beta_1**t)
            corrected_square = square / (1 - beta_2**t)
            w -= rate * corrected_mean / (math.sqrt(corrected_square) + epsilon)
    return w


def adamw(w, gradients, rate, weight_decay, beta_1, beta_2, epsilon):
    """Loshchilov & Hutter 2019, Alg. 2: the decay bypasses the moments."""
    mean = square = 0.0
    for t, gradient in enumerate(gradients, start=1):
        mean = beta_1 * mean + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
        step = (mean / (1 - beta_1**t)) / (math.sqrt(square / (1 - beta_2**t)) + epsilon)
        w = w - rate * step - rate * weight_decay * w
    return w


def fixed(w, gradients):
    return w


REFERENCES = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "heavy_ball": heavy_ball,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
    "perceptron": gradient_descent,
    "fixed": fixed,
}
NAMES = {kind: name for name, kind in OPTIMIZERS.items()}


@pytest.fixture
def kind(optimizer_form):
    return optimizer_form[0]


@pytest.fixture
def moves(kind):
    """Whether the optimizer does anything at all."""
    return NAMES[kind] != "fixed"


def descend(members, start, gradients, dtype="float64", *, rates=None):
    """Parameters (k, P) after one step per gradient; `gradients` are arrays, or functions of the parameters.

    All parameters count as weights. `rates` (steps, k) replaces the optimizers' own rates.
    """
    optimizer, parameters = members[0], np.array(start, dtype)
    slots = [np.zeros_like(parameters) for _ in range(optimizer.slot_count)]
    numbers = stack_numbers(members, dtype, 2)
    own = np.array([member.rate for member in members])
    for step_number, gradient in enumerate(gradients, start=1):
        gradient = gradient(parameters) if callable(gradient) else np.array(gradient, dtype)
        numbers["rate"] = (own if rates is None else rates[step_number - 1])[:, None].astype(dtype)
        optimizer.decay(parameters, **numbers)
        optimizer.step(parameters, gradient, slots, np.full_like(parameters, np.nan), step_number, **numbers)
    return parameters


def drawn_gradients(steps, shape):
    """Gradients of very different magnitudes, some of them exactly 0."""
    rng = np.random.default_rng(8)
    gradients = rng.normal(size=(steps, *shape)) * 10 ** rng.uniform(-6, 3, (steps, *shape))
    return np.where(rng.random(gradients.shape) < 0.1, 0, gradients)


@pytest.fixture
def drawn_members(optimizer_form, draw_variant):
    kind, form = optimizer_form
    rng = np.random.default_rng(9)
    return [draw_variant(kind, rng, **form) for _ in range(6)]


def without_decay(optimizer_form, **settings):
    """A member of a form without weight decay."""
    kind, form = optimizer_form
    known = {"weight_decay": 0.0, **settings}
    return kind(**form, **{name: value for name, value in known.items() if name in kind.parameters()})


def test_every_optimizer_has_its_reference_here():
    assert sorted(REFERENCES) == sorted(OPTIMIZERS)


def test_fifty_steps_agree_with_the_scalar_reference(optimizer_form, drawn_members):
    rng = np.random.default_rng(10)
    kind, form = optimizer_form
    members = [kind(**form), *drawn_members]
    start, gradients = rng.normal(size=(7, 7)), drawn_gradients(50, (7, 7))
    computed = descend(members, start, gradients)
    for row, column in np.ndindex(start.shape):
        history = [float(gradient) for gradient in gradients[:, row, column]]
        # Gradients are clipped before a step.
        settings = {name: value for name, value in members[row].settings().items() if name != "clip"}
        expected = REFERENCES[NAMES[kind]](float(start[row, column]), history, **settings)
        # Relative to the length of the way: if opposite steps cancel, their sum does not have 12 correct digits.
        way = sum(abs(step) for step in np.diff([start[row, column], expected])) + abs(start[row, column])
        assert computed[row, column] == pytest.approx(expected, rel=1e-12, abs=1e-12 * way)


def test_the_rate_of_a_step_is_the_one_it_is_told(optimizer_form, moves):
    """A schedule changes it between epochs; the optimizer's own rate is then ignored."""
    rates = np.array([[0.5], [0.25], [0.0]])
    start, gradients = np.ones((1, 3)), drawn_gradients(3, (1, 3)) + 1
    ends = [descend([without_decay(optimizer_form, rate=rate)], start, gradients, rates=rates) for rate in (0.1, 0.7)]
    assert np.array_equal(ends[0], ends[1])
    still = descend([without_decay(optimizer_form)], start, gradients[:2], rates=rates[:2])
    assert np.array_equal(ends[0], still)
    assert moves != np.array_equal(ends[0], start)


def test_a_step_goes_against_the_gradient(drawn_members, moves):
    """Correction 3: w ← w − α∇C. The step changes the parameters themselves (correction 11)."""
    start, gradient = np.zeros((6, 4)), np.array([[3.0, -2.0, 1e-3, -1e-3]] * 6)
    assert np.array_equal(np.sign(descend(drawn_members, start, [gradient])), -np.sign(gradient) * moves)


def test_no_gradient_is_no_step(optimizer_form):
    start = np.random.default_rng(11).normal(size=(1, 4))
    assert np.array_equal(descend([without_decay(optimizer_form)], start, [np.zeros((1, 4))] * 3), start)


def test_a_parabola_is_descended_to_its_bottom(optimizer_form, moves):
    bottom, curvature = np.array([[1.0, -2.0]]), np.array([[1.0, 3.0]])
    start = np.array([[3.0, -0.5]])
    end = descend([without_decay(optimizer_form, rate=0.01)], start, [lambda w: curvature * (w - bottom)] * 1500)
    np.testing.assert_allclose(end, bottom if moves else start, atol=0.02)


def rosenbrock(w):
    x, y = w.T
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def rosenbrock_gradient(w):
    x, y = w.T
    return np.stack([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)], axis=1)


def test_the_valley_of_rosenbrock_is_found_and_followed(optimizer_form, moves):
    start, member = np.array([[-1.2, 1.0]]), without_decay(optimizer_form, rate=0.001)
    early = descend([member], start, [rosenbrock_gradient] * 1000)
    late = descend([member], start, [rosenbrock_gradient] * 6000)
    assert (rosenbrock(early) < rosenbrock(start) / 2) == moves
    assert (rosenbrock(late) < rosenbrock(early) / 2) == moves


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_member_steps_as_it_would_alone(drawn_members, dtype):
    start, gradients = np.random.default_rng(12).normal(size=(6, 5)), drawn_gradients(20, (6, 5))
    together = descend(drawn_members, start, gradients, dtype)
    assert together.dtype == dtype
    for row, member in enumerate(drawn_members):
        one = slice(row, row + 1)
        assert np.array_equal(descend([member], start[one], gradients[:, one], dtype), together[one])


def test_a_member_that_is_not_finite_leaves_the_others_alone(drawn_members):
    start, gradients = np.random.default_rng(13).normal(size=(6, 5)), drawn_gradients(20, (6, 5))
    expected = descend(drawn_members, start, gradients)
    gradients[5:, 2] = np.nan
    gradients[6:, 3] = np.inf
    with np.errstate(all="ignore"):
        computed = descend(drawn_members, start, gradients)
    assert np.array_equal(computed[[0, 1, 4, 5]], expected[[0, 1, 4, 5]])


def test_single_precision_is_near_double_precision(drawn_members):
    start, gradients = np.random.default_rng(14).normal(size=(6, 5)), drawn_gradients(20, (6, 5)) / 100
    single, double = (descend(drawn_members, start, gradients, dtype) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("form", ["kingma_ba", "notes"])
def test_adam_keeps_going_when_the_gradient_vanishes(form):
    """Correction 10: the moment remembers previous gradients; as printed it is the new gradient alone."""
    after_one, after_two = (
        descend([Adam(form=form)], [[0.0]], gradients) for gradients in ([[[1.0]]], [[[1.0]], [[0.0]]])
    )
    assert after_two < after_one < 0


@pytest.mark.parametrize("gradient", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_as_long_as_the_rate(gradient):
    """Correction 12: with corrected bias; without the correction, it is (1 − β₁)/√(1 − β₂), about 3 times as long."""
    assert descend([Adam(rate=0.01)], [[0.0]], [[[gradient]]]) == pytest.approx(-0.01, rel=2e-4)
    uncorrected = descend([Adam(rate=0.01, form="notes", epsilon=1e-30)], [[0.0]], [[[gradient]]])
    assert uncorrected == pytest.approx(-0.01 * 0.1 / math.sqrt(0.001), rel=1e-6)


def test_epsilon_of_adam_is_outside_the_root():
    """Correction 12: a gradient as large as ε makes half a step; inside the root it would make a step of √ε."""
    step = descend([Adam(rate=1.0, epsilon=1e-8)], [[0.0]], [[[1e-8]]])
    assert step == pytest.approx(-0.5, rel=1e-9)


def test_epsilon_of_the_notes_adam_is_inside_the_root():
    step = descend([Adam(rate=1.0, beta_1=0.0, beta_2=0.0, epsilon=1e-8, form="notes")], [[0.0]], [[[1e-4]]])
    assert step == pytest.approx(-1 / math.sqrt(2), rel=1e-9)


def test_epsilon_of_rmsprop_is_inside_the_root():
    step = descend([RMSProp(rate=1.0, beta=0.0, epsilon=1e-8)], [[0.0]], [[[1e-4]]])
    assert step == pytest.approx(-1 / math.sqrt(2), rel=1e-9)


def test_adamw_without_decay_is_adam():
    start, gradients = np.random.default_rng(15).normal(size=(1, 5)), drawn_gradients(20, (1, 5))
    assert np.array_equal(descend([AdamW(weight_decay=0.0)], start, gradients), descend([Adam()], start, gradients))


def test_the_decay_of_adamw_does_not_pass_through_its_moments():
    """Without a gradient, each step shrinks a weight by a fraction αλ of itself; as a penalty, it would move it by
    α.
    """
    end = descend([AdamW(rate=0.1, weight_decay=0.5)], [[2.0]], [np.zeros((1, 1))] * 3)
    assert end == pytest.approx(2.0 * 0.95**3, rel=1e-14)


def test_heavy_ball_is_momentum_whose_rate_is_larger():
    """The rate is larger by a factor of 1/(1 − β), up to rounding."""
    start, gradients = np.ones((1, 3)), [np.array([[1.0, -2.0, 0.5]])] * 20
    ball = descend([HeavyBall(rate=0.01, beta=0.9)], start, gradients)
    average = descend([Momentum(rate=0.01 / (1 - 0.9), beta=0.9)], start, gradients)
    np.testing.assert_allclose(ball, average, rtol=1e-12)
    assert (np.abs(ball - start) > 5 * np.abs(descend([GradientDescent(rate=0.01)], start, gradients) - start)).all()
