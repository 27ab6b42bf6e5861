"""Penalties and the dropout mask on their own, and penalties in a training step."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activations import Sigmoid
from fitgap.core.initializers import Zeros
from fitgap.core.member_groups import stack_numbers
from fitgap.core.optimizers import GradientDescent
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import L1, L2, REGULARIZERS, Dropout, Penalty
from fitgap.core.training import Pack

PENALTIES = sorted(name for name, kind in REGULARIZERS.items() if issubclass(kind, Penalty))


@pytest.fixture(params=PENALTIES)
def penalty_kind(request):
    return REGULARIZERS[request.param]


def gradient_of(kind, weights, numbers):
    gradient = np.zeros_like(weights)
    kind.add_gradient(weights, gradient, np.full_like(weights, np.nan), **numbers)
    return gradient


def test_gradient_of_a_penalty_agrees_with_central_differences(penalty_kind, draw_variant):
    rng = np.random.default_rng(15)
    members = [draw_variant(penalty_kind, rng, scope="network", biases=False) for _ in range(4)]
    numbers = stack_numbers(members, "float64", 2)
    weights, h = rng.choice([-1, 1], (4, 6)) * rng.uniform(0.1, 2, (4, 6)), 1e-5
    gradient = gradient_of(penalty_kind, weights, numbers)
    for column in range(6):
        step = np.eye(6)[column] * h
        up, down = (penalty_kind.penalty(weights + sign * step, **numbers) for sign in (1, -1))
        np.testing.assert_allclose(gradient[:, column], (up - down) / (2 * h), rtol=1e-7, atol=1e-9)


def test_gradient_of_a_penalty_is_added_to_what_is_there(penalty_kind):
    weights, numbers = np.array([[1.0, -2.0]]), {"weight": np.array([[0.5]])}
    before = np.array([[10.0, 20.0]])
    there = before.copy()
    penalty_kind.add_gradient(weights, there, np.empty_like(weights), **numbers)
    np.testing.assert_allclose(there, before + gradient_of(penalty_kind, weights, numbers))


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_weights_of_zero_are_left_at_zero(penalty_kind, zero):
    """|0|′ = 0, so a connection without weight costs nothing and is not moved."""
    assert gradient_of(penalty_kind, np.array([[zero]]), {"weight": np.array([[3.0]])}) == 0


def test_formulas_of_the_norms():
    weights, numbers = np.array([[1.0, -2.0], [3.0, 0.0]]), {"weight": np.array([[0.5], [2.0]])}
    assert L1.penalty(weights, **numbers).tolist() == [1.5, 6.0]
    assert L2.penalty(weights, **numbers).tolist() == [1.25, 9.0]
    assert gradient_of(L1, weights, numbers).tolist() == [[0.5, -0.5], [2.0, 0.0]]
    assert gradient_of(L2, weights, numbers).tolist() == [[0.5, -1.0], [6.0, 0.0]]


def test_the_two_norms_have_their_own_names():
    """Correction 14: the notes call both of them C_L1."""
    assert REGULARIZERS["l1"] is L1
    assert REGULARIZERS["l2"] is L2


def one_step(make_shape, member, examples, batch_size, layers=(3, 4, 2)):
    """Parameters before and after one step of a member; before it, they are drawn from a normal distribution."""
    pack = Pack(make_shape(layers, batch_size), [member], {0: examples})
    count = pack.networks.layout.parameter_count
    pack.networks.parameters[:, :count] = np.random.default_rng(16).normal(size=(1, count))
    before = pack.networks.parameters.copy()
    pack.run_epoch()
    return pack.networks.layout, before, pack.networks.parameters


@pytest.fixture
def pushed_by(make_shape, make_member, make_examples):
    """`pushed_by(regularizers, copies)`: the change that the regularizers add to one step over a batch of 5·copies
    examples.
    """
    examples = make_examples((3, 4, 2), 5)

    def push(regularizers, copies=1):
        again = dataclasses.replace(
            examples,
            training_inputs=np.tile(examples.training_inputs, (copies, 1)),
            training_targets=np.tile(examples.training_targets, (copies, 1)),
        )
        ends = [
            one_step(make_shape, make_member(regularizers=each, optimizer=GradientDescent(rate=1.0)), again, 5 * copies)
            for each in (regularizers, ())
        ]
        layout, before, _ = ends[0]
        return layout, before, ends[0][2] - ends[1][2]

    return push


def test_a_penalty_pushes_weights_by_its_gradient_and_no_bias(penalty_kind, pushed_by):
    """Correction 7: biases are not included. Goes through the table: a penalty that training ignores fails here."""
    layout, before, push = pushed_by((penalty_kind(weight=0.3),))
    weights = before[:, : layout.weight_count]
    expected = -gradient_of(penalty_kind, weights, {"weight": np.array([[0.3]])})
    np.testing.assert_allclose(push[:, : layout.weight_count], expected, atol=1e-12)
    assert (push[:, layout.weight_count :] == 0).all()


def test_the_push_of_a_penalty_does_not_depend_on_the_batch_size(penalty_kind, pushed_by):
    """Correction 7: λ·R once per step, not once per example."""
    pushes = [pushed_by((penalty_kind(weight=0.3),), copies)[2] for copies in (1, 2, 7)]
    np.testing.assert_allclose(pushes[1], pushes[0], atol=1e-12)
    np.testing.assert_allclose(pushes[2], pushes[0], atol=1e-12)


def counted_parameters(layout, form):
    """The columns that a penalty includes, found from the layers' views instead of `penalty_columns`."""
    marks = np.zeros((1, layout.row_length))
    layers = slice(1) if form["scope"] == "input" else slice(None)
    for view in (layout.weights, layout.biases) if form["biases"] else (layout.weights,):
        for array in view(marks)[layers]:
            array[...] = 1
    return marks == 1


def test_scopes_and_biases_by_central_differences_of_error_and_penalty(
    regularizer_form, make_member, make_shape, make_examples
):
    """A step over all examples descends E_t + λR, where R includes exactly the parameters that the form names."""
    kind, form = regularizer_form
    if kind is Dropout:
        assert form.keys() == {"scope"}  # Its scopes are tested in test_dropout.py.
        return
    sizes, examples = (3, 4, 3, 2), {0: make_examples((3, 4, 3, 2))}
    member = make_member(depth=3, regularizers=(kind(weight=0.3, **form),), optimizer=GradientDescent(rate=0.5))

    def started_at(parameters):
        pack = Pack(make_shape(sizes), [member], examples)
        pack.networks.parameters[0, : parameters.size] = parameters
        return pack

    def cost(parameters):
        pack = started_at(parameters)
        counted = pack.networks.parameters[:, counted_parameters(pack.networks.layout, form)[0]]
        error = pack.on_training.measure(pack.networks, np.array([0])).error[0]
        return error + kind.penalty(counted, np.array([[0.3]]))[0]

    count, h = 16 + 15 + 8, 1e-5
    start = np.random.default_rng(17).normal(size=count)
    pack = started_at(start)
    pack.run_epoch()
    gradient = (start - pack.networks.parameters[0, :count]) / 0.5
    expected = [(cost(start + h * unit) - cost(start - h * unit)) / (2 * h) for unit in np.eye(count)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-9)


def test_a_penalty_leaves_learned_beta_and_gamma_alone(penalty_kind, make_member, make_shape, make_examples):
    """Even with biases: they are not weights, and 0 is not a natural value for them."""
    ends = []
    for regularizers in ((penalty_kind(weight=9.0, biases=True),), ()):
        function = Sigmoid(beta=1.5, gamma=0.7, learn="beta+gamma")
        member = make_member(function, function, regularizers=regularizers, optimizer=GradientDescent(rate=1.0))
        layout, _, after = one_step(make_shape, member, make_examples((3, 4, 2)), 10)
        ends.append(after[0, layout.parameter_count :])
    assert np.array_equal(*ends)
    assert ends[0][0] != 1.5


def test_members_with_other_scopes_do_not_disturb_each_other(
    all_forms, make_member, make_shape, make_examples, run_training, assert_same_member
):
    forms = [(kind, form) for kind, form in all_forms(REGULARIZERS) if kind is not Dropout]
    members = [make_member(regularizers=(kind(weight=0.2, **form),), epochs=2) for kind, form in forms]
    shape, examples = make_shape((3, 4, 2), 4), {0: make_examples((3, 4, 2))}
    together = run_training(shape, members, examples)
    for number, member in enumerate(members):
        assert_same_member(together, number, run_training(shape, [member], examples), 0)
    assert len({together.parameters[number].tobytes() for number in together.parameters}) == len(members)


def test_penalties_add_up(pushed_by):
    both, first, second = (pushed_by(each)[2] for each in ((L1(weight=0.1), L2(weight=0.2)), (L1(0.1),), (L2(0.2),)))
    np.testing.assert_allclose(both, first + second, atol=1e-12)


def test_without_error_only_the_penalty_moves_a_network(penalty_kind, make_member, make_shape):
    """All weights and targets are 0, so neither the error nor the penalty has a gradient."""
    zeros = np.zeros((4, 2))
    examples = Examples(np.ones((4, 2)), zeros, np.ones((4, 2)), zeros, ())
    member = make_member(depth=1, initializer=Zeros(), regularizers=(penalty_kind(weight=5.0),))
    pack = Pack(make_shape((2, 2)), [member], {0: examples})
    pack.run_epoch()
    assert (pack.networks.parameters == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mask_is_zero_below_the_ratio_and_makes_up_for_it_above(dtype):
    """Each member has its own ratio; the mask may overwrite `uniform`."""
    uniform = np.array([0.0, 0.25, 0.5, 0.75], dtype)[None, :, None] * np.ones((3, 1, 2), dtype)
    Dropout.mask(uniform, uniform, np.array([0.0, 0.5, 0.75], dtype).reshape(3, 1, 1))
    assert uniform[..., 0].tolist() == [[1, 1, 1, 1], [0, 0, 2, 2], [0, 0, 0, 4]]
    assert np.array_equal(uniform[..., 0], uniform[..., 1])
