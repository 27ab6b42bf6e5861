"""The gradient of whole networks, compared with finite differences and with loops over single units."""

import itertools

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS, Identity, PReLU, ReLU, Sigmoid, Tanh
from fitgap.core.losses import LOSSES, HalfSquaredError
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS
from fitgap.core.regularizers import Dropout
from fitgap.core.workspace import Workspace
from support.core.looped_network import looped
from support.core.network_gradients import (
    EXAMPLES,
    SIZES,
    assert_gradient_is_right,
    backpropagated,
    filled,
    summed_errors,
)
from support.sampling import at_night, every, per_commit, steps


@pytest.fixture(scope="session")
def moderate(draw_variant):
    """`moderate(kind, form, rng)`: a form of a function with β and γ away from the bounds of their domains."""

    def draw(kind, form, rng):
        names = [name for name in FUNCTION_PARAMETERS if name in kind.parameters()]
        return draw_variant(kind, rng, **form, **{name: rng.uniform(0.5, 2) for name in names})

    return draw


@pytest.fixture
def all_forms_of_functions(all_forms, moderate):
    """Every form of every activation function."""
    rng = np.random.default_rng(19)
    return [moderate(kind, form, rng) for kind, form in all_forms(ACTIVATIONS)]


@pytest.fixture
def all_pairs(make_member, all_forms, moderate):
    """Members with every combination of a function in the hidden layers and one in the output layer, covering all
    forms.
    """
    rng = np.random.default_rng(19)
    forms = {
        kind: itertools.cycle([f for k, f in all_forms(ACTIVATIONS) if k is kind]) for kind in ACTIVATIONS.values()
    }
    pairs = itertools.product(ACTIVATIONS.values(), repeat=2)
    drawn = [[moderate(kind, next(forms[kind]), rng) for kind in pair] for pair in pairs]
    return [make_member(hidden, output, depth=3) for hidden, output in drawn]


@pytest.fixture
def mixtures(make_member, all_forms_of_functions):
    """Members with three layers that have different functions, up to three per layer; every form occurs several
    times.
    """
    rng = np.random.default_rng(23)

    def layers():
        order = iter(rng.permutation(len(all_forms_of_functions)))
        return [
            [tuple(all_forms_of_functions[next(order)] for _ in range(count)) for count in (3, 2, 1)] for _ in range(4)
        ]

    return [make_member(activations=tuple(functions)) for _ in range(6) for functions in layers()]


def with_dropout(make_member, members):
    """The members, two thirds of them with dropout: of all units, of the inputs only, or of the hidden layers only."""
    scopes = itertools.cycle(["network", "network", "input", "hidden"])
    return [
        make_member(
            activations=member.activations,
            regularizers=(Dropout(ratio=0.4, scope=next(scopes)),) if number % 3 else (),
            repeat=number % 2,
        )
        for number, member in enumerate(members)
    ]


# The other losses take the same paths through a network, so they are tried at night.
@pytest.fixture(params=per_commit(["half_squared_error", "softmax_cross_entropy"], sorted(LOSSES)))
def loss(request, draw_variant):
    return draw_variant(LOSSES[request.param], np.random.default_rng(20))


# Differences with respect to every parameter of such large packs are slow: each commit tries one loss, with or without
# dropout.
def in_large_packs(*tried):
    cases = [case if case == tried else at_night(*case) for case in itertools.product(sorted(LOSSES), [False, True])]
    return pytest.mark.parametrize(("loss", "dropout"), cases, indirect=["loss"])


# With one pair in five, every function occurs twice in the hidden layers, and in the output layer.
@pytest.mark.parametrize("step", steps(5))
@in_large_packs("softmax_cross_entropy", True)
def test_gradient_of_a_pack_of_all_functions(all_pairs, make_networks, make_member, loss, dropout, step):
    all_pairs = all_pairs[::step]
    members = with_dropout(make_member, all_pairs) if dropout else all_pairs
    assert_gradient_is_right(make_networks(SIZES, members), members, loss, dropout=dropout)


@in_large_packs("half_squared_error", False)
def test_gradient_of_a_pack_with_other_functions_in_every_layer_and_mixtures(
    mixtures, make_networks, make_member, loss, dropout
):
    members = with_dropout(make_member, mixtures) if dropout else mixtures
    assert_gradient_is_right(make_networks(SIZES, members), members, loss, dropout=dropout)


# A pack of one member takes different code paths, for every pair.
PAIRS = list(itertools.product(sorted(ACTIVATIONS), repeat=2))
# With this step, every function occurs in both positions.
STEP = 11


@pytest.mark.parametrize("dropout", [False, True], ids=["plain", "dropout"])
@pytest.mark.parametrize("pair", every(STEP, PAIRS), ids="-".join)
def test_gradient_of_a_single_member(pair, dropout, make_member, make_networks, moderate):
    rng = np.random.default_rng(21)
    functions = [moderate(ACTIVATIONS[name], {}, rng) for name in pair]
    member = make_member(*functions, regularizers=(Dropout(ratio=0.3),) if dropout else ())
    networks = make_networks((3, 4, 2), [member], seed=5)
    assert_gradient_is_right(networks, [member], HalfSquaredError(), dropout=dropout)


PLACES = list(itertools.product(["hidden", "output", "both", "mixed"], [False, True]))


@pytest.mark.parametrize(
    ("place", "dropout"),
    [case if case == ("mixed", True) else at_night(*case) for case in PLACES],
)
def test_gradient_of_a_single_member_with_what_it_learns(
    activation_form, place, dropout, make_member, make_networks, moderate
):
    rng = np.random.default_rng(24)
    one, other = (moderate(*activation_form, rng) for _ in range(2))
    functions = {
        "hidden": (one, Tanh()),
        "output": (Tanh(), one),
        "both": (one, other),
        "mixed": ((one, Tanh()), other),
    }
    member = make_member(*functions[place], regularizers=(Dropout(ratio=0.3),) if dropout else ())
    networks = make_networks((3, 4, 2), [member], seed=5)
    assert_gradient_is_right(networks, [member], HalfSquaredError(), dropout=dropout)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 3), (2, 1, 1), (1, 3, 1, 2)])
def test_gradient_of_narrow_and_of_flat_networks(sizes, make_member, make_networks):
    depth = len(sizes) - 1
    members = [
        make_member(Tanh(), Sigmoid(learn="beta+gamma"), depth=depth),
        make_member(Sigmoid(), depth=depth),
    ]
    assert_gradient_is_right(make_networks(sizes, members), members, HalfSquaredError())


@pytest.mark.parametrize("sizes", [(3, 2), (2, 4, 1), (3, 4, 3, 2)])
def test_forward_and_backward_agree_with_loops_over_single_units(sizes, make_member, make_networks):
    """Corrections 1, 3, 4 and 5: one bias unit that is 1, backward sums from i = 1, and d⁽ᴸ⁾ = (a − y)·f′."""
    kinds = itertools.product((Tanh(), ReLU(), Identity()), repeat=2)
    members = [make_member(hidden, output, depth=len(sizes) - 1) for hidden, output in kinds]
    networks = make_networks(sizes, members, seed=22)
    backpropagated(networks, members, HalfSquaredError(), False)
    _, work = summed_errors(networks, members, HalfSquaredError(), False)
    for row, member in enumerate(members):
        twin = looped(networks, row, member)
        for example in range(EXAMPLES):
            outputs = twin.evaluate(map(float, work.inputs[row, example]))
            np.testing.assert_allclose(work.outputs[row, example], outputs, rtol=1e-12, atol=1e-14)
            twin.adjust_gradient(map(float, work.targets[row, example]))
        for k in range(1, len(sizes)):
            expected = np.array(twin.gradient[k][1:])
            gradients = networks.gradients_by_layer[k - 1]
            np.testing.assert_allclose(gradients.bias[row, 0], expected[:, 0], rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(gradients.weights[0][row], expected[:, 1:], rtol=1e-11, atol=1e-13)


def test_the_first_layer_passes_nothing_back(make_member, make_networks):
    """The derivative with respect to the inputs is not needed, and in many networks its product would be the
    largest.
    """
    members = [make_member(Tanh(), depth=2)]
    networks = make_networks((3, 4, 2), members)
    _, work = summed_errors(networks, members, HalfSquaredError(), False)
    work.deltas[0][...] = np.nan
    HalfSquaredError().gradient(work.outputs, work.targets, out=work.deltas[-1])
    networks.backpropagate(work)
    assert np.isnan(work.deltas[0]).all() and np.isfinite(work.deltas[1]).all()


def test_biases_start_at_zero_and_weights_as_drawn(make_member, draw_variant):
    members = [make_member(repeat=repeat, depth=3) for repeat in (0, 1)]
    networks = Networks(dense_network(SIZES), members, "float64")
    assert all((biases == 0).all() for biases in networks.biases)
    for row, member in enumerate(members):
        for layer, weights in enumerate(networks.weights, start=1):
            key = {"seed": member.seed, "repeat": member.repeat, "layer": layer}
            assert np.array_equal(weights[row], member.initializer.draw(weights.shape[2], weights.shape[1], **key))


def test_a_bias_moves_its_unit_and_no_other(make_member, make_networks):
    members = [make_member(depth=1)]
    networks = make_networks((3, 2), members)
    work = filled(networks.layout, 1)
    networks.evaluate(work)
    before = work.outputs.copy()
    networks.biases[0][0, 0, 1] += 1
    networks.evaluate(work)
    np.testing.assert_allclose(work.outputs - before, np.array([0.0, 1.0]) * np.ones((1, EXAMPLES, 2)), atol=1e-12)


def test_evaluating_is_evaluating_for_training_without_dropout(all_pairs, make_networks):
    networks = make_networks(SIZES, all_pairs)
    plain, training = (filled(networks.layout, len(all_pairs)) for _ in range(2))
    networks.evaluate(plain)
    networks.evaluate_for_training(training, None)
    assert np.array_equal(plain.outputs, training.outputs)


def test_evaluating_leaves_inputs_and_parameters_alone(all_pairs, make_networks):
    networks = make_networks(SIZES, all_pairs)
    work = filled(networks.layout, len(all_pairs))
    inputs, parameters = work.inputs.copy(), networks.parameters.copy()
    networks.evaluate(work)
    assert np.array_equal(work.inputs, inputs)
    assert np.array_equal(networks.parameters, parameters)


def test_kept_rows_go_on_as_they_were(all_pairs, make_networks):
    """Views and runs are rebuilt, but the members' results stay the same bit for bit."""
    networks, rows = make_networks(SIZES, all_pairs), np.arange(1, len(all_pairs), 3)
    work = filled(networks.layout, len(all_pairs))
    networks.evaluate(work)
    networks.compact(rows, [all_pairs[row] for row in rows])
    rest = Workspace(len(rows), EXAMPLES, networks.layout, "float64")
    rest.inputs[...] = work.inputs[rows]
    networks.evaluate(rest)
    assert np.array_equal(rest.outputs, work.outputs[rows])
    networks.weights[0][:] = 0
    assert (networks.parameters[:, : networks.weights[0][0].size] == 0).all()


def test_hidden_and_output_layers_have_their_own_functions(make_member, make_networks):
    members = [make_member(PReLU(beta=0.5), ReLU())]
    networks = make_networks((1, 1, 1), members)
    networks.parameters[0, :4] = [1, -1, 0, 0]
    work = Workspace(1, 2, networks.layout, "float64")
    work.inputs[...] = np.array([-2.0, 2.0]).reshape(1, 2, 1)
    networks.evaluate(work)
    assert work.activations[1].ravel().tolist() == [-1.0, 2.0]
    assert work.outputs.ravel().tolist() == [1.0, 0.0]
