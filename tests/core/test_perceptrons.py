"""Perceptrons: the perceptron rule, and networks of thresholds that are only evaluated (Magyar 2024, §2.2.2.3)."""

import dataclasses
import itertools

import numpy as np
import pytest
from fitgap.core.activation_parameters import own_row
from fitgap.core.activations import Identity, Sign, Tanh, Threshold
from fitgap.core.initializers import INITIALIZERS, Zeros
from fitgap.core.network import Networks
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Adam, Fixed, GradientDescent, PerceptronRule
from fitgap.core.preprocessing import Examples
from fitgap.core.target_coding import Signs, ZeroOne
from fitgap.core.training import Pack
from fitgap.core.workspace import Workspace
from support.sampling import every_row

ROWS = np.array(list(itertools.product((0.0, 1.0), repeat=2)))
TABLES = {"or": [0, 1, 1, 1], "and": [0, 0, 0, 1], "nand": [1, 1, 1, 0], "first": [0, 0, 1, 1], "never": [0] * 4}
READINGS = {Threshold: ZeroOne(), Sign: Signs()}


def truth_table(told, reading):
    targets = reading.encode(np.array(told, float)[:, None], 2)
    return Examples(ROWS, targets, ROWS, targets, ())


@pytest.fixture
def learn(make_member, make_shape, run_training):
    """`learn(examples, kind, epochs, **changes)`: the training of one perceptron, batches of one example."""

    def train(examples, kind=Threshold, epochs=100, **changes):
        member = make_member(activations=((kind(),),), optimizer=PerceptronRule(), epochs=epochs, **changes)
        layers = examples.training_inputs.shape[1], 1
        return run_training(make_shape(layers, 1, reading=READINGS[kind], class_count=2), [member], {0: examples})

    return train


@pytest.mark.parametrize(("name", "kind"), every_row(3, itertools.product(sorted(TABLES), [Threshold, Sign])))
def test_the_perceptron_rule_learns_what_a_line_separates(name, kind, learn):
    """From any initial weights; once all answers are right, nothing changes any more."""
    for seed, initializer in itertools.product(range(3), [INITIALIZERS["auto"](), Zeros()]):
        training = learn(truth_table(TABLES[name], READINGS[kind]), kind, seed=seed, initializer=initializer)
        accuracies = [epoch["accuracy_t"] for epoch in training.epochs[0]]
        assert accuracies[-1] == 1 and training.last(0, "e_t") == 0
        assert set(accuracies[accuracies.index(1) + 1 :]) == {1}


@pytest.mark.parametrize("kind", [Threshold, Sign])
def test_the_perceptron_rule_never_learns_xor(kind, learn):
    for seed in range(3):
        training = learn(truth_table([0, 1, 1, 0], READINGS[kind]), kind, epochs=200, seed=seed)
        assert max(epoch["accuracy_t"] for epoch in training.epochs[0]) <= 0.75
        assert min(epoch["e_t"] for epoch in training.epochs[0]) > 0


def test_separable_points_are_separated(learn):
    """In ten dimensions, with a margin: Novikoff's theorem bounds the number of mistakes by (R/margin)²."""
    rng = np.random.default_rng(70)
    normal = rng.normal(size=10)
    points = rng.normal(size=(400, 10))
    distances = (points @ normal + 0.5) / np.linalg.norm([*normal, 0.5])
    points, distances = points[abs(distances) > 0.2], distances[abs(distances) > 0.2]
    targets = (distances > 0).astype(float)[:, None]
    half = len(points) // 2
    examples = Examples(points[:half], targets[:half], points[half:], targets[half:], ())
    training = learn(examples, epochs=60, initializer=Zeros())
    assert training.last(0, "accuracy_t") == 1
    assert training.last(0, "accuracy_v") > 0.9


def test_a_step_is_that_of_rosenblatt(make_member, make_shape):
    """w ← w − α(a − y)x, b ← b − α(a − y), example by example, in the order drawn by the pack."""
    rng = np.random.default_rng(71)
    examples = Examples(rng.normal(size=(30, 3)), rng.integers(0, 2, (30, 2)).astype(float), *[np.ones((2, 3))] * 2, ())
    examples = dataclasses.replace(examples, validation_targets=np.ones((2, 2)))
    member = make_member(activations=((Threshold(),),), optimizer=PerceptronRule(rate=0.3))
    pack = Pack(make_shape((3, 2), 1), [member], {0: examples})
    w, b = pack.networks.weights[0][0].copy(), np.zeros(2)
    order = pack.repeats.draw_order(epoch=1)[0]
    pack.run_epoch()
    for row in order:
        x, y = examples.training_inputs[row], examples.training_targets[row]
        difference = (w @ x + b > 0) - y
        w -= 0.3 * np.outer(difference, x)
        b -= 0.3 * difference
    np.testing.assert_allclose(pack.networks.weights[0][0], w, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(pack.networks.biases[0][0, 0], b, rtol=1e-12, atol=1e-14)


def test_perceptrons_train_beside_others_bit_for_bit(
    make_member, make_shape, make_examples, run_training, assert_same_member
):
    """Only for perceptrons is the derivative replaced by 1."""
    members = [
        make_member(activations=((Threshold(),),), optimizer=PerceptronRule(), epochs=3),
        make_member(output_activation=Tanh(), depth=1, epochs=3),
        make_member(activations=((Sign(),),), optimizer=PerceptronRule(rate=0.1), epochs=3),
        make_member(depth=1, optimizer=Adam(), epochs=3),
        make_member(activations=((Threshold(),),), optimizer=Fixed(), epochs=3),
    ]
    shape, examples = make_shape((3, 2), 4), {0: make_examples((3, 2))}
    together = run_training(shape, members, examples)
    for number, member in enumerate(members):
        assert_same_member(together, number, run_training(shape, [member], examples), 0)


def test_gradient_descent_cannot_move_what_has_no_slope(make_member, make_shape, make_examples, run_training):
    """The reason why it is refused: nothing below a threshold ever changes."""
    members = [
        make_member(Threshold(), optimizer=optimizer, epochs=epochs)
        for epochs in (1, 9)
        for optimizer in (GradientDescent(rate=1.0), Adam(rate=0.1))
    ]
    training = run_training(make_shape((3, 4, 2), 4), members, {0: make_examples((3, 4, 2))})
    for number in (0, 1):
        assert np.array_equal(training.parameters[number][:12], training.parameters[number + 2][:12])
        assert not np.array_equal(training.parameters[number][12:], training.parameters[number + 2][12:])


@pytest.mark.parametrize("kind", [Threshold, Sign])
def test_two_layers_of_steps_evaluate_xor(kind, make_member, make_networks):
    """OR and not AND, with weights set by hand; the optimizer `fixed` does not change them."""
    networks = make_networks((2, 2, 1), [make_member(kind(), kind(), optimizer=Fixed())])
    networks.weights[0][0], networks.biases[0][0] = [[1, 1], [1, 1]], [-0.5, -1.5]
    networks.weights[1][0], networks.biases[1][0] = [[1, -1]], -0.5
    work = Workspace(1, 4, networks.layout, "float64")
    work.inputs[...] = ROWS
    networks.evaluate(work)
    assert READINGS[kind].read(work.outputs[0], 2).tolist() == [0, 1, 1, 0]
    assert set(work.outputs.ravel()) == ({0, 1} if kind is Threshold else {-1, 1})


@pytest.mark.parametrize("kind", [Threshold, Sign, Tanh, Identity])
def test_fixed_only_evaluates(kind, make_member, make_shape, make_examples, run_training):
    """The errors are the same in every epoch, and the weights stay as drawn."""
    member = make_member(kind(), kind(), optimizer=Fixed(), epochs=3)
    training = run_training(make_shape((3, 4, 2), 4), [member], {0: make_examples((3, 4, 2))})
    assert len({epoch["e_v"] for epoch in training.epochs[0]}) == 1
    networks = Networks(dense_network((3, 4, 2)), [member], "float64")
    assert np.array_equal(training.parameters[0], own_row(networks.parameters[0], member, networks.layout)[:26])
