"""Problems with known answers: XOR, a sine, digits."""

import itertools

import numpy as np
from fitgap.core.activations import Identity, PReLU, ReLU, Sigmoid, Tanh
from fitgap.core.datasets import Dataset, Division
from fitgap.core.initializers import HeNormal
from fitgap.core.losses import HalfSquaredError
from fitgap.core.members import PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Adam, GradientDescent
from fitgap.core.preprocessing import Preparation, prepare_examples
from fitgap.core.target_coding import Numbers, OnePerClass, ZeroOne
from sklearn.datasets import load_digits

XOR = Dataset(
    "xor",
    np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
    np.array([[0.0], [1.0], [1.0], [0.0]]),
    "classes",
    ("a", "b"),
    ("a xor b",),
    ("false", "true"),
)
TRUTH_TABLE = Preparation(Division("same"), preprocess="none", target_scaling="none")


def train_on(run_training, dataset, preparation, reading, hidden, members, batch_size, *, loss=None, dtype="float32"):
    output_count = reading.output_count(dataset.class_count, dataset.target_count)
    layers, loss = (dataset.input_count, *hidden, output_count), loss or HalfSquaredError()
    shape = PackShape(dense_network(layers), batch_size, loss, reading, dataset.class_count, dtype)
    examples = {
        member.repeat: prepare_examples(
            dataset, preparation, reading, seed=member.seed, repeat=member.repeat, dtype=dtype
        )
        for member in members
    }
    return run_training(shape, members, examples)


def test_four_hidden_units_learn_xor(make_member, run_training):
    """With tanh, sigmoid output, and 400 epochs of Adam with rate 0.05, at least 4 of 5 initializations solve it."""
    members = [
        make_member(output_activation=Sigmoid(), optimizer=Adam(rate=0.05), epochs=400, seed=seed) for seed in range(5)
    ]
    training = train_on(run_training, XOR, TRUTH_TABLE, ZeroOne(), (4,), members, 4)
    solved = [training.last(row, "accuracy_t") == 1 and training.last(row, "e_t") < 0.01 for row in range(5)]
    assert sum(solved) >= 4
    assert all(training.last(row, "e_t") == training.last(row, "e_v") for row in range(5))


def test_no_single_layer_learns_xor(make_member, run_training):
    """No straight line separates the classes: one unit reaches ⅛ at best, and one row of four stays wrong."""
    settings = itertools.product(
        (Identity(), Sigmoid(), Tanh(), ReLU(), PReLU()), (Adam(rate=0.05), GradientDescent(rate=0.5)), range(3)
    )
    members = [
        make_member(depth=1, output_activation=output, optimizer=optimizer, epochs=300, seed=seed)
        for output, optimizer, seed in settings
    ]
    training = train_on(run_training, XOR, TRUTH_TABLE, ZeroOne(), (), members, 4)
    for row in range(len(members)):
        assert training.last(row, "e_t") >= 0.1
        assert training.last(row, "accuracy_t") <= 0.75


def test_a_sine_is_fitted(make_member, run_training):
    x = np.random.default_rng(33).uniform(-np.pi, np.pi, (200, 1))
    sine = Dataset("sine", x, np.sin(x), "numbers", ("x",), ("sin x",))
    preparation = Preparation(Division(0.3), preprocess="standard", target_scaling="standard")
    members = [make_member(optimizer=Adam(rate=0.02), epochs=200, repeat=repeat) for repeat in range(3)]
    training = train_on(run_training, sine, preparation, Numbers(), (16,), members, 32)
    for row in range(3):
        # The targets have variance 1, so predicting the mean has an error of ½.
        assert training.last(row, "e_t") < 0.005 and training.last(row, "e_v") < 0.005
        assert training.last(row, "accuracy_t") > 0.99 and training.last(row, "accuracy_v") > 0.98


def test_digits_are_told(make_member, run_training):
    pixels, digits = load_digits(return_X_y=True)
    dataset = Dataset(
        "digits",
        pixels,
        digits[:, None].astype(float),
        "classes",
        tuple(map(str, range(64))),
        ("digit",),
        tuple(map(str, range(10))),
    )
    preparation = Preparation(Division(0.3), preprocess="standard", target_scaling="none")
    settings = {
        "activation": ReLU(),
        "output_activation": Sigmoid(),
        "initializer": HeNormal(),
        "optimizer": Adam(rate=0.003),
        "epochs": 30,
    }
    members = [make_member(**settings, repeat=repeat) for repeat in range(3)]
    training = train_on(run_training, dataset, preparation, OnePerClass(), (32,), members, 32)
    assert min(training.last(row, "accuracy_v") for row in range(3)) >= 0.95
    assert min(training.last(row, "accuracy_t") for row in range(3)) >= 0.98
