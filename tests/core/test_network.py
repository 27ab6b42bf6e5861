"""The gradient of whole networks, by finite differences and against loops over single units."""

import itertools
import math

import numpy as np
import pytest

from core.activations import ACTIVATIONS, Identity, PReLU, ReLU, Sigmoid, Tanh
from core.dropout import DropoutMasks
from core.layers import Layout
from core.losses import LOSSES, HalfSquaredError
from core.network import Networks, Workspace
from core.regularizers import Dropout

LAYOUT = Layout((3, 5, 4, 2))
EXAMPLES = 5


def filled(layout, members, examples=EXAMPLES, seed=18):
    """A workspace with drawn inputs and targets between 0 and 1."""
    work, rng = Workspace(members, examples, layout, "float64"), np.random.default_rng(seed)
    work.inputs[...] = rng.normal(size=work.inputs.shape)
    work.targets[...] = rng.uniform(0.05, 0.95, work.targets.shape)
    return work


class Gradients:
    """The gradient of each member's error, summed over its examples as while training, found in two ways."""

    def __init__(self, networks, members, loss, *, dropout=False):
        self.networks, self.members, self.loss, self.dropout = networks, members, loss, dropout
        self.inputs = filled(networks.layout, len(members)).inputs
        self._move_away_from_kinks()

    def evaluate(self):
        work = filled(self.networks.layout, len(self.members))
        np.copyto(work.inputs, self.inputs)
        masks = DropoutMasks(self.members, 1, "float64") if self.dropout else None
        self.networks.evaluate_for_training(work, masks)
        return work

    def _move_away_from_kinks(self, margin=5e-3):
        """Draw a member anew while any of its pre-activations is so near 0 that differences may cross it."""
        rng, count = np.random.default_rng(17), self.networks.layout.parameter_count
        for _ in range(100):
            near = self._nearest_to_zero() < margin
            self.inputs[near] = rng.normal(size=self.inputs[near].shape)
            self.networks.parameters[near, :count] = rng.normal(scale=0.7, size=(near.sum(), count))
        assert not near.any()

    def _nearest_to_zero(self):
        activations = self.evaluate().activations
        layers = zip(activations, self.networks.weights, self.networks.biases, strict=False)
        sums = [abs(a @ weights.transpose(0, 2, 1) + biases) for a, weights, biases in layers]
        return np.min([each.min(axis=(1, 2)) for each in sums], axis=0)

    def errors(self):
        work = self.evaluate()
        return self.loss.errors(work.outputs, work.targets).sum(axis=1)

    def backpropagated(self):
        work = self.evaluate()
        self.loss.gradient(work.outputs, work.targets, out=work.deltas[-1])
        self.networks.gradient.fill(np.nan)
        self.networks.backpropagate(work)
        return self.networks.gradient[:, : self.networks.layout.parameter_count]

    def differences(self, h=1e-4):
        """Central differences of fourth order, by every weight and bias of all members at once."""
        count, parameters = self.networks.layout.parameter_count, self.networks.parameters
        gradient = np.empty((len(self.members), count))
        for column in range(count):
            before, errors = parameters[:, column].copy(), {}
            for steps in (-2, -1, 1, 2):
                parameters[:, column] = before + steps * h
                errors[steps] = self.errors()
            parameters[:, column] = before
            gradient[:, column] = (8 * (errors[1] - errors[-1]) - (errors[2] - errors[-2])) / (12 * h)
        return gradient


def assert_gradient_is_right(networks, members, loss, *, dropout=False):
    gradients = Gradients(networks, members, loss, dropout=dropout)
    computed, expected, errors = gradients.backpropagated(), gradients.differences(), gradients.errors()
    # A network may happen to be dead, but hardly many of them.
    assert (abs(expected).max(axis=1) > 1e-5).mean() > 0.8
    for mine, reference, error in zip(computed, expected, errors, strict=True):
        # What is absolute is the rounding of the differences.
        atol = 1e-8 * abs(reference).max() + 1e-11 * (1 + error)
        np.testing.assert_allclose(mine, reference, rtol=1e-7, atol=atol)


@pytest.fixture
def all_pairs(make_member, draw_variant):
    """Members with every activation in the hidden layers beside every activation in the output layer."""
    rng = np.random.default_rng(19)
    pairs = itertools.product(*[sorted(ACTIVATIONS)] * 2)
    drawn = [[draw_variant(ACTIVATIONS[name], rng) for name in pair] for pair in pairs]
    return [make_member(activation=hidden, output_activation=output) for hidden, output in drawn]


@pytest.fixture(params=sorted(LOSSES))
def loss(request, draw_variant):
    return draw_variant(LOSSES[request.param], np.random.default_rng(20))


def test_gradient_of_a_pack_of_all_functions(all_pairs, make_networks, loss):
    assert_gradient_is_right(make_networks(LAYOUT, all_pairs), all_pairs, loss)


def test_gradient_of_a_pack_of_all_functions_with_dropout(all_pairs, make_networks, make_member, loss):
    members = [
        make_member(
            activation=member.activation,
            output_activation=member.output_activation,
            regularizers=(Dropout(ratio=0.4),) if number % 3 else (),
            repeat=number % 2,
        )
        for number, member in enumerate(all_pairs)
    ]
    assert_gradient_is_right(make_networks(LAYOUT, members), members, loss, dropout=True)


@pytest.mark.parametrize("dropout", [False, True], ids=["plain", "dropout"])
@pytest.mark.parametrize("output", sorted(ACTIVATIONS))
@pytest.mark.parametrize("hidden", sorted(ACTIVATIONS))
def test_gradient_of_a_single_member(hidden, output, dropout, make_member, make_networks, draw_variant):
    rng = np.random.default_rng(21)
    functions = {
        "activation": draw_variant(ACTIVATIONS[hidden], rng),
        "output_activation": draw_variant(ACTIVATIONS[output], rng),
    }
    member = make_member(**functions, regularizers=(Dropout(ratio=0.3),) if dropout else ())
    networks = make_networks(Layout((3, 4, 2)), [member], seed=5)
    assert_gradient_is_right(networks, [member], HalfSquaredError(), dropout=dropout)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 3), (2, 1, 1), (1, 3, 1, 2)])
def test_gradient_of_narrow_and_of_flat_networks(sizes, make_member, make_networks):
    members = [make_member(activation=Tanh(), output_activation=Sigmoid()), make_member(activation=Sigmoid())]
    assert_gradient_is_right(make_networks(Layout(sizes), members), members, HalfSquaredError())


FUNCTIONS = {
    Identity: (lambda x: x, lambda x: 1),
    Tanh: (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    ReLU: (lambda x: max(x, 0), lambda x: 1 if x > 0 else 0),
}


class LoopedNetwork:
    """One network, unit by unit: Magyar 2024, Alg. 5 and 7 with corrections 1, 3, 4 and 5.

    w[k][j][i] is the weight from unit i of layer k − 1 to unit j of layer k; unit 0 is the bias unit, the constant 1.
    """

    def __init__(self, sizes, w, hidden, output):
        self.sizes, self.w = sizes, w
        self.depth = len(sizes) - 1
        self.functions = [None] + [FUNCTIONS[type(hidden)]] * (self.depth - 1) + [FUNCTIONS[type(output)]]
        self.gradient = [None] + [
            [[0.0] * (sizes[k - 1] + 1) for _ in range(sizes[k] + 1)] for k in range(1, self.depth + 1)
        ]

    def evaluate(self, x):
        self.a, self.s = [[1.0, *x]], [None]
        for k in range(1, self.depth + 1):
            f = self.functions[k][0]
            sums = [sum(w * a for w, a in zip(row, self.a[k - 1], strict=True)) for row in self.w[k][1:]]
            self.s.append([None, *sums])
            self.a.append([1.0, *map(f, sums)])
        return self.a[-1][1:]

    def adjust_gradient(self, y):
        above = [(a - target) for a, target in zip(self.a[-1][1:], y, strict=True)]
        for k in range(self.depth, 0, -1):
            slope = self.functions[k][1]
            d = [None] + [above[j - 1] * slope(self.s[k][j]) for j in range(1, self.sizes[k] + 1)]
            for j in range(1, self.sizes[k] + 1):
                for i in range(self.sizes[k - 1] + 1):
                    self.gradient[k][j][i] += d[j] * self.a[k - 1][i]
            above = [
                sum(d[j] * self.w[k][j][i] for j in range(1, self.sizes[k] + 1))
                for i in range(1, self.sizes[k - 1] + 1)
            ]


def looped(networks, row, member):
    """The looped twin of one member of a pack."""
    w = [None]
    for weights, biases in zip(networks.weights, networks.biases, strict=True):
        rows = [[float(b), *map(float, units)] for b, units in zip(biases[row, 0], weights[row], strict=True)]
        w.append([None, *rows])
    return LoopedNetwork(networks.layout.sizes, w, member.activation, member.output_activation)


@pytest.mark.parametrize("sizes", [(3, 2), (2, 4, 1), (3, 4, 3, 2)])
def test_forward_and_backward_agree_with_loops_over_single_units(sizes, make_member, make_networks):
    """Corrections 1, 3, 4 and 5: one bias unit that is 1, sums back from i = 1, and d⁽ᴸ⁾ = (a − y)·f′."""
    kinds = itertools.product((Tanh(), ReLU(), Identity()), repeat=2)
    members = [make_member(activation=hidden, output_activation=output) for hidden, output in kinds]
    networks = make_networks(Layout(sizes), members, seed=22)
    gradients = Gradients(networks, members, HalfSquaredError())
    gradients.backpropagated()
    work = gradients.evaluate()
    for row, member in enumerate(members):
        twin = looped(networks, row, member)
        for example in range(EXAMPLES):
            outputs = twin.evaluate(map(float, work.inputs[row, example]))
            np.testing.assert_allclose(work.outputs[row, example], outputs, rtol=1e-12, atol=1e-14)
            twin.adjust_gradient(map(float, work.targets[row, example]))
        for k in range(1, len(sizes)):
            expected = np.array(twin.gradient[k][1:])
            np.testing.assert_allclose(networks.bias_gradients[k - 1][row, 0], expected[:, 0], rtol=1e-11, atol=1e-13)
            np.testing.assert_allclose(networks.weight_gradients[k - 1][row], expected[:, 1:], rtol=1e-11, atol=1e-13)


def test_biases_start_at_zero_and_weights_as_drawn(make_member, draw_variant):
    members = [make_member(repeat=repeat) for repeat in (0, 1)]
    networks = Networks(LAYOUT, members, "float64")
    assert all((biases == 0).all() for biases in networks.biases)
    for row, member in enumerate(members):
        for layer, weights in enumerate(networks.weights, start=1):
            key = {"seed": member.seed, "repeat": member.repeat, "layer": layer}
            assert np.array_equal(weights[row], member.initializer.draw(weights.shape[2], weights.shape[1], **key))


def test_a_bias_moves_its_unit_and_no_other(make_member, make_networks):
    members = [make_member(activation=Identity())]
    networks = make_networks(Layout((3, 2)), members)
    work = filled(networks.layout, 1)
    networks.evaluate(work)
    before = work.outputs.copy()
    networks.biases[0][0, 0, 1] += 1
    networks.evaluate(work)
    np.testing.assert_allclose(work.outputs - before, np.array([0.0, 1.0]) * np.ones((1, EXAMPLES, 2)), atol=1e-12)


def test_evaluating_is_evaluating_for_training_without_dropout(all_pairs, make_networks):
    networks = make_networks(LAYOUT, all_pairs)
    plain, training = (filled(LAYOUT, len(all_pairs)) for _ in range(2))
    networks.evaluate(plain)
    networks.evaluate_for_training(training, None)
    assert np.array_equal(plain.outputs, training.outputs)


def test_evaluating_leaves_inputs_and_parameters_alone(all_pairs, make_networks):
    networks, work = make_networks(LAYOUT, all_pairs), filled(LAYOUT, len(all_pairs))
    inputs, parameters = work.inputs.copy(), networks.parameters.copy()
    networks.evaluate(work)
    assert np.array_equal(work.inputs, inputs)
    assert np.array_equal(networks.parameters, parameters)


def test_kept_rows_go_on_as_they_were(all_pairs, make_networks):
    """Views and runs are taken anew; what the members compute stays bit for bit."""
    networks, rows = make_networks(LAYOUT, all_pairs), np.arange(1, len(all_pairs), 3)
    work = filled(LAYOUT, len(all_pairs))
    networks.evaluate(work)
    networks.keep(rows, [all_pairs[row] for row in rows])
    rest = Workspace(len(rows), EXAMPLES, LAYOUT, "float64")
    rest.inputs[...] = work.inputs[rows]
    networks.evaluate(rest)
    assert np.array_equal(rest.outputs, work.outputs[rows])
    networks.weights[0][:] = 0
    assert (networks.parameters[:, : networks.weights[0][0].size] == 0).all()


def test_hidden_and_output_layers_have_their_own_functions(make_member, make_networks):
    members = [make_member(activation=PReLU(beta=0.5), output_activation=ReLU())]
    networks = make_networks(Layout((1, 1, 1)), members)
    networks.parameters[0, :4] = [1, -1, 0, 0]
    work = Workspace(1, 2, networks.layout, "float64")
    work.inputs[...] = np.array([-2.0, 2.0]).reshape(1, 2, 1)
    networks.evaluate(work)
    assert work.activations[1].ravel().tolist() == [-1.0, 2.0]
    assert work.outputs.ravel().tolist() == [1.0, 0.0]
