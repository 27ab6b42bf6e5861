"""scikit-learn's MLP as a second opinion: errors and whole trainings, in float64, from the same weights.

Not part of the ordinary test run. `pytest tests/reference` compares a fifth of the trainings, and `pytest -m nightly
tests/reference` the others. All examples form one batch, so their order does not matter: 200 epochs are 200 steps. Two
trainings agree if before every step the errors have a relative difference of at most 1e-9, and if after the last step
max|ours − theirs| ≤ 1e-9·max|theirs| holds for each weight matrix and each bias vector.
"""

import itertools

import numpy as np
import pytest
from fitgap.core.activations import Identity, ReLU, Sigmoid, Tanh
from fitgap.core.initializers import GlorotNormal
from fitgap.core.losses import LOSSES, HalfSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Adam, GradientDescent, Momentum, Nesterov
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import L2
from fitgap.core.schedules import Constant
from fitgap.core.target_coding import Numbers, OnePerClass, ZeroOne
from fitgap.core.training import Pack
from sklearn.neural_network import MLPClassifier, MLPRegressor
from support.sampling import every

INPUTS, HIDDEN, EXAMPLE_COUNT, STEPS, TOLERANCE = 4, (6, 5), 30, 200, 1e-9
ACTIVATIONS_THERE = {Identity(): "identity", Sigmoid(): "logistic", Tanh(): "tanh", ReLU(): "relu"}
# Our loss and reading, their estimator, and the number of outputs.
PROBLEMS = {
    "numbers": (HalfSquaredError(), Numbers(), MLPRegressor, 1),
    "two classes": (SigmoidCrossEntropy(), ZeroOne(), MLPClassifier, 1),
    "three classes": (SoftmaxCrossEntropy(), OnePerClass(), MLPClassifier, 3),
}
# Their velocities add up full steps, so their rate is ours times 1 − β. Their Adam uses another ε in its first steps
# (Kingma & Ba 2015, end of section 2), so ε is made negligible.
OPTIMIZERS_THERE = {
    GradientDescent(rate=0.05): {"momentum": 0, "learning_rate_init": 0.05},
    Momentum(rate=0.1, beta=0.8): {"momentum": 0.8, "nesterovs_momentum": False, "learning_rate_init": 0.1 * (1 - 0.8)},
    Nesterov(rate=0.1, beta=0.8): {"momentum": 0.8, "nesterovs_momentum": True, "learning_rate_init": 0.1 * (1 - 0.8)},
    Adam(rate=0.003, epsilon=1e-30): {"solver": "adam", "epsilon": 1e-30, "learning_rate_init": 0.003},
}


def drawn(problem):
    """Inputs, targets in scikit-learn's form, and the desired outputs of a network."""
    rng = np.random.default_rng(90)
    inputs = rng.normal(size=(EXAMPLE_COUNT, INPUTS))
    _, reading, _, output_count = PROBLEMS[problem]
    if problem == "numbers":
        targets = rng.normal(size=EXAMPLE_COUNT)
        return inputs, targets, targets[:, None]
    class_count = max(output_count, 2)
    targets = rng.permutation(np.arange(EXAMPLE_COUNT) % class_count)
    return inputs, targets, reading.encode(targets[:, None].astype(float), class_count)


def start_here(problem, activation, optimizer, weight):
    """A pack of one untrained member."""
    loss, reading, _, output_count = PROBLEMS[problem]
    class_count = 0 if problem == "numbers" else max(output_count, 2)
    inputs, _, targets = drawn(problem)
    member = Member(
        activations=((activation,), (activation,), (Identity(),)),
        initializer=GlorotNormal(),
        regularizers=(L2(weight=weight),),
        optimizer=optimizer,
        schedule=Constant(),
        stopping=(),
        epochs=STEPS,
        seed=5,
        repeat=1,
    )
    shape = PackShape(
        dense_network((INPUTS, *HIDDEN, output_count)), EXAMPLE_COUNT, loss, reading, class_count, "float64"
    )
    return Pack(shape, [member], {1: Examples(inputs, targets, inputs, targets, ())})


def start_there(problem, activation, optimizer, weight, pack):
    """The estimator with the weights of the pack's member, after a first call that initializes it."""
    inputs, targets, _ = drawn(problem)
    # Its penalty is αΣw²/2 divided by the number of examples.
    estimator = PROBLEMS[problem][2](
        hidden_layer_sizes=HIDDEN,
        activation=ACTIVATIONS_THERE[activation],
        alpha=weight * EXAMPLE_COUNT,
        batch_size=EXAMPLE_COUNT,
        **{"solver": "sgd", **OPTIMIZERS_THERE[optimizer]},
    )
    estimator.partial_fit(inputs, targets, **({} if problem == "numbers" else {"classes": np.unique(targets)}))
    for number, (weights, biases) in enumerate(zip(pack.networks.weights, pack.networks.biases, strict=True)):
        estimator.coefs_[number][...] = weights[0].T
        estimator.intercepts_[number][...] = biases[0, 0]
    # The next call makes a new optimizer without the state of the first.
    del estimator._optimizer
    return estimator


def in_words(training):
    """The name of a training."""
    problem, activation, optimizer, weight = training
    return f"{problem}-{type(activation).__name__}-{type(optimizer).__name__}-{'l2' if weight else 'plain'}"


TRAININGS = list(itertools.product(PROBLEMS, ACTIVATIONS_THERE, OPTIMIZERS_THERE, [0.0, 0.01]))


# 5 is coprime to all numbers of choices, so the fifth contains every pair of choices.
@pytest.mark.parametrize("training", every(5, TRAININGS), ids=in_words)
def test_a_training_agrees_with_that_of_scikit_learn(training):
    problem, activation, optimizer, weight = training
    pack = start_here(problem, activation, optimizer, weight)
    estimator = start_there(problem, activation, optimizer, weight, pack)
    inputs, targets, _ = drawn(problem)
    for _ in range(STEPS):
        norm = sum((weights**2).sum() for weights in pack.networks.weights)
        estimator.partial_fit(inputs, targets)
        # Both errors are measured before the step; theirs includes the penalty.
        here, there = pack.run_epoch().e_t_running[0], estimator.loss_ - weight / 2 * norm
        assert here == pytest.approx(there, rel=TOLERANCE)
    for mine, others in zip(pack.networks.weights, estimator.coefs_, strict=True):
        assert abs(mine[0].T - others).max() <= TOLERANCE * abs(others).max()
    for mine, others in zip(pack.networks.biases, estimator.intercepts_, strict=True):
        assert abs(mine[0, 0] - others).max() <= TOLERANCE * abs(others).max()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_trained_network_is_read_and_judged_alike(problem):
    """R² for numbers, accuracy for classes."""
    optimizer = Nesterov(rate=0.1, beta=0.8)
    pack = start_here(problem, Tanh(), optimizer, 0.0)
    estimator = start_there(problem, Tanh(), optimizer, 0.0, pack)
    inputs, targets, _ = drawn(problem)
    for _ in range(STEPS):
        estimator.partial_fit(inputs, targets)
        accuracy = pack.run_epoch().accuracy_t[0]
    assert accuracy == pytest.approx(estimator.score(inputs, targets), rel=TOLERANCE)


def test_every_loss_is_compared():
    assert {type(loss) for loss, *_ in PROBLEMS.values()} == set(LOSSES.values())
