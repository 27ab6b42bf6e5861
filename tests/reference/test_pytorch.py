"""Whole training runs against PyTorch on the CPU, in float64, from the same weights and over the same batches.

Not part of the ordinary test run, because PyTorch is large and has an extra of its own. To run it, with the CPU build
of PyTorch installed:

    pytest tests/reference

A fifth of the runs is compared with every commit, all of them at night (`pytest -m nightly tests/reference`). All runs
with one loss are trained here as a single pack, and one by one by PyTorch: 55 epochs of four batches, 220 steps. Two
trainings agree if after the last step max|here − there| ≤ 1e-9·max|there| holds for each weight matrix, each bias
vector, and each learned β and γ by itself. What PyTorch does not have is listed with the reason, and the lists are
checked to be exact.
"""

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from fitgap.core.activations import (
    ACTIVATIONS,
    ELU,
    Activation,
    Identity,
    Mish,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Squareplus,
    Tanh,
)
from fitgap.core.initializers import GlorotNormal
from fitgap.core.losses import LOSSES, HalfSquaredError, Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.members import Member, PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import (
    OPTIMIZERS,
    Adam,
    Optimizer,
    RMSProp,
)
from fitgap.core.preprocessing import Examples
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import L1, L2, REGULARIZERS, Dropout, Regularizer
from fitgap.core.schedules import SCHEDULES, Constant, Cosine, Exponential, InverseTime, Schedule, Step
from fitgap.core.target_coding import Numbers
from fitgap.core.training import Pack
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE
from support.sampling import every

NOT_IN_PYTORCH = {
    "threshold": "has no derivative to train with; torch.nn.Threshold is another function",
    "sign": "has no derivative to train with",
    "perceptron": "no gradient descent; see tests/core/test_perceptrons.py",
    "fixed": "makes no steps",
}
SIZES, EXAMPLE_COUNT, BATCH_SIZE, EPOCHS = (3, 5, 3), 22, 6, 55
SEED, REPEAT = 11, 2
TOLERANCE = 1e-9

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


class Formula(torch.nn.Module):
    """A function by its formula, differentiated by autograd, whose learned β and γ are parameters."""

    def __init__(self, formula, function):
        super().__init__()
        self.formula = formula
        numbers = {name: getattr(function, name) for name in ("beta", "gamma") if name in function.parameters()}
        self.fixed = {name: value for name, value in numbers.items() if name not in function.learned}
        learned = {name: torch.nn.Parameter(torch.tensor(numbers[name])) for name in function.learned}
        self.learned = torch.nn.ParameterDict(learned)

    def forward(self, x):
        return self.formula(x, **self.fixed, **self.learned)


def sigmoid(x, beta, gamma):
    return gamma * torch.sigmoid(beta * x)


def silu(x, beta, gamma):
    return x * sigmoid(x, beta, gamma)


def elu(x, beta):
    return torch.where(x > 0, x, beta * torch.expm1(x.clamp(max=0)))


def softplus(x, beta, gamma):
    return gamma / beta * torch.logaddexp(torch.zeros_like(x), beta * x)


def mish(x, beta):
    return x * torch.tanh(softplus(x, beta, 1))


def squareplus(x, beta):
    return (x + torch.sqrt(x * x + beta)) / 2


# Modules of PyTorch where it has them; it has no squareplus, and but for PReLU nothing that is learned.
FUNCTIONS = {
    Identity(): lambda function: torch.nn.Identity(),
    Sigmoid(): lambda function: torch.nn.Sigmoid(),
    Tanh(): lambda function: torch.nn.Tanh(),
    ReLU(): lambda function: torch.nn.ReLU(),
    PReLU(beta=0.05): lambda function: torch.nn.LeakyReLU(function.beta),
    PReLU(beta=0.25, learn="beta"): lambda function: torch.nn.PReLU(init=function.beta),
    SiLU(): lambda function: torch.nn.SiLU(),
    ELU(beta=0.7): lambda function: torch.nn.ELU(alpha=function.beta),
    Softplus(beta=1.5): lambda function: torch.nn.Softplus(beta=function.beta, threshold=1e3),
    Mish(): lambda function: torch.nn.Mish(),
    Squareplus(beta=1.3): functools.partial(Formula, squareplus),
    Sigmoid(beta=1.2, gamma=2.5, learn="beta+gamma"): functools.partial(Formula, sigmoid),
    SiLU(beta=1.3, gamma=0.9, learn="beta+gamma"): functools.partial(Formula, silu),
    SiLU(beta=1.3, learn="beta"): functools.partial(Formula, silu),
    ELU(beta=0.8, learn="beta"): functools.partial(Formula, elu),
    Softplus(beta=1.3, gamma=0.8, learn="beta+gamma"): functools.partial(Formula, softplus),
    Mish(beta=1.3, learn="beta"): functools.partial(Formula, mish),
    Squareplus(beta=1.3, learn="beta"): functools.partial(Formula, squareplus),
}


REGULARIZERS_HERE = [
    (),
    (L1(weight=0.003),),
    (L2(weight=0.02),),
    (Dropout(ratio=0.3),),
]
MORE_REGULARIZERS = [
    (L1(weight=0.003, scope="input", biases=True), L2(weight=0.02, biases=True)),
    (L1(weight=0.003, biases=True), L2(weight=0.02, scope="input"), Dropout(ratio=0.2, scope="input")),
    (L2(weight=0.02, scope="input", biases=True), Dropout(ratio=0.2, scope="hidden")),
]
PENALTIES_THERE = {L1: lambda tensor: tensor.abs().sum(), L2: lambda tensor: (tensor**2).sum() / 2}
LOSSES_THERE = {
    HalfSquaredError(): lambda outputs, targets: ((outputs - targets) ** 2).sum() / 2 / len(outputs),
    SoftmaxCrossEntropy(): torch.nn.functional.cross_entropy,
    SigmoidCrossEntropy(): lambda outputs, targets: (
        torch.nn.functional.binary_cross_entropy_with_logits(outputs, targets, reduction="sum") / len(outputs)
    ),
}
SCHEDULES_THERE = {
    Constant(): lambda there: torch.optim.lr_scheduler.ConstantLR(there, factor=1),
    Step(every=7, by=0.6): lambda there: torch.optim.lr_scheduler.StepLR(there, step_size=7, gamma=0.6),
    Exponential(by=0.97): lambda there: torch.optim.lr_scheduler.ExponentialLR(there, gamma=0.97),
    InverseTime(decay=0.1): lambda there: torch.optim.lr_scheduler.LambdaLR(there, lambda t: 1 / (1 + 0.1 * t)),
    Cosine(): lambda there: torch.optim.lr_scheduler.CosineAnnealingLR(there, T_max=EPOCHS),
}


CONSTANT = Constant()


@dataclass(frozen=True)
class Case:
    """One training."""

    loss: Loss
    activation: Activation
    optimizer: Optimizer
    regularizers: tuple[Regularizer, ...] = ()
    schedule: Schedule = CONSTANT

    @property
    def member(self):
        return Member(
            activations=((self.activation,), (Identity(),)),
            initializer=GlorotNormal(),
            regularizers=self.regularizers,
            optimizer=self.optimizer,
            schedule=self.schedule,
            stopping=(),
            epochs=EPOCHS,
            seed=SEED,
            repeat=REPEAT,
        )

    def __str__(self):
        parts = [self.loss, self.activation, self.optimizer, *self.regularizers, self.schedule]
        return "-".join(part.label(type(part).__name__) for part in parts)


HALF = HalfSquaredError()
CASES = [
    *(
        Case(HALF, activation, optimizer, regularizers)
        for activation in FUNCTIONS
        for optimizer in OPTIMIZERS_THERE
        for regularizers in REGULARIZERS_HERE
    ),
    *(
        Case(loss, Tanh(), optimizer, regularizers)
        for loss in LOSSES_THERE
        for optimizer in OPTIMIZERS_THERE
        for regularizers in [*REGULARIZERS_HERE, *MORE_REGULARIZERS]
        if loss != HALF or regularizers in MORE_REGULARIZERS
    ),
    *(Case(loss, activation, Adam(rate=0.01)) for loss in LOSSES_THERE if loss != HALF for activation in FUNCTIONS),
    *(
        Case(HALF, Tanh(), optimizer, (), schedule)
        for optimizer in OPTIMIZERS_THERE
        for schedule in SCHEDULES_THERE
        if schedule != Constant()
    ),
]
CASES = list(dict.fromkeys(CASES))


@functools.cache
def drawn_examples(loss):
    """Inputs and targets: numbers for half squared error, shares that sum to 1 for the cross entropies."""
    rng = np.random.default_rng(80)
    inputs, targets = rng.normal(size=(EXAMPLE_COUNT, SIZES[0])), rng.uniform(size=(EXAMPLE_COUNT, SIZES[-1]))
    return inputs, targets if loss == HALF else targets / targets.sum(axis=1, keepdims=True)


@functools.cache
def trained_here(loss):
    """All cases of a loss in one pack: by case, its weights, biases, and learned β and γ by name."""
    cases = [case for case in CASES if case.loss == loss]
    shape = PackShape(dense_network(SIZES), BATCH_SIZE, loss, Numbers(), 0, "float64")
    inputs, targets = drawn_examples(loss)
    pack = Pack(shape, [case.member for case in cases], {REPEAT: Examples(inputs, targets, inputs, targets, ())})
    for results in pack.run():
        layout, parameters, numbers = pack.networks.layout, pack.networks.parameters.copy(), pack.member_numbers
        assert not results.diverged.any()
    weights, biases = layout.weights_in_training(parameters), layout.biases(parameters)
    found = {}
    for row, case in enumerate(cases[number] for number in numbers):
        found[case] = {
            **{f"weights {layer}": each[row] for layer, each in enumerate(weights)},
            **{f"biases {layer}": each[row, 0] for layer, each in enumerate(biases)},
            **{name: parameters[row, layout.function_parameter(1, 0, name)] for name in case.activation.learned},
        }
    return found


@functools.cache
def draws_of(epoch):
    """The order of the examples in an epoch, and for each batch the draws of dropout for every layer but the last."""
    order = generator(SEED, REPEAT, Purpose.BATCHES, epoch).permutation(EXAMPLE_COUNT)
    batches = [order[start : start + BATCH_SIZE] for start in range(0, EXAMPLE_COUNT, BATCH_SIZE)]
    source = generator(SEED, REPEAT, Purpose.DROPOUT, epoch)
    draws = [
        [torch.from_numpy(source.random((len(batch), units), np.float32)).double() for units in SIZES[:-1]]
        for batch in batches
    ]
    return list(zip(batches, draws, strict=True))


class There:
    """The same network, trained by PyTorch."""

    def __init__(self, case):
        self.case = case
        self.linear = [torch.nn.Linear(*sizes) for sizes in itertools.pairwise(SIZES)]
        with torch.no_grad():
            for layer, linear in enumerate(self.linear, start=1):
                drawn = case.member.initializer.draw(
                    *SIZES[layer - 1 : layer + 1], seed=SEED, repeat=REPEAT, layer=layer
                )
                linear.weight.copy_(torch.from_numpy(drawn))
                linear.bias.zero_()
        self.function = FUNCTIONS[case.activation](case.activation)
        others = [linear.bias for linear in self.linear] + list(self.function.parameters())
        groups = [{"params": [linear.weight for linear in self.linear]}, {"params": others}]
        self.optimizer = OPTIMIZERS_THERE[case.optimizer](case.optimizer, groups)
        self.schedule = SCHEDULES_THERE[case.schedule](self.optimizer)

    def masks(self, draws):
        """r of the inputs and of the hidden layer."""
        dropout = next((each for each in self.case.regularizers if isinstance(each, Dropout)), None)
        scopes = ("network", "input"), ("network", "hidden")
        return [
            (draw >= dropout.ratio) / (1 - dropout.ratio) if dropout and dropout.scope in reaching else 1
            for draw, reaching in zip(draws, scopes, strict=True)
        ]

    def penalty(self):
        total = torch.zeros(())
        for each in self.case.regularizers:
            if not isinstance(each, Dropout):
                layers = self.linear[:1] if each.scope == "input" else self.linear
                counted = [
                    tensor for layer in layers for tensor in layer.parameters() if tensor.ndim > 1 or each.biases
                ]
                total = total + each.weight * sum(map(PENALTIES_THERE[type(each)], counted))
        return total

    def train(self):
        inputs, targets = map(torch.from_numpy, drawn_examples(self.case.loss))
        loss, has_penalty = (
            LOSSES_THERE[self.case.loss],
            any(type(each) in PENALTIES_THERE for each in self.case.regularizers),
        )
        for epoch in range(1, EPOCHS + 1):
            for rows, draws in draws_of(epoch):
                masks = self.masks(draws)
                hidden = self.function(self.linear[0](inputs[rows] * masks[0])) * masks[1]
                cost = loss(self.linear[1](hidden), targets[rows])
                cost = cost + self.penalty() if has_penalty else cost
                self.optimizer.zero_grad()
                cost.backward()
                self.optimizer.step()
            self.schedule.step()
        return self

    def parameters(self):
        learned = dict(zip(self.case.activation.learned, self.function.parameters(), strict=True))
        return {
            **{f"weights {layer}": linear.weight for layer, linear in enumerate(self.linear)},
            **{f"biases {layer}": linear.bias for layer, linear in enumerate(self.linear)},
            **learned,
        }


def relative_differences(case):
    """For every tensor by name max|here − there|/max|there|."""
    here = trained_here(case.loss)[case]
    there = {name: each.detach().numpy() for name, each in There(case).train().parameters().items()}
    assert here.keys() == there.keys()
    return {name: abs(here[name] - there[name]).max() / abs(there[name]).max() for name in here}


# 5 has no factor in common with the numbers of optimizers and regularizers, so every pair of these is among the fifth.
@pytest.mark.parametrize("case", every(5, CASES), ids=str)
def test_a_training_agrees_with_that_of_pytorch(case):
    differences = relative_differences(case)
    assert max(differences.values()) <= TOLERANCE, differences


def test_a_training_is_no_standstill_and_has_at_least_200_steps():
    assert EPOCHS * math.ceil(EXAMPLE_COUNT / BATCH_SIZE) >= 200
    for case, numbers in trained_here(HALF).items():
        start = GlorotNormal().draw(SIZES[0], SIZES[1], seed=SEED, repeat=REPEAT, layer=1)
        assert abs(numbers["weights 0"] - start).max() > 0.01, case


@pytest.mark.parametrize(
    ("table", "compared"),
    [
        (ACTIVATIONS, FUNCTIONS),
        (OPTIMIZERS, OPTIMIZERS_THERE),
        (LOSSES, LOSSES_THERE),
        (REGULARIZERS, [each for regularizers in REGULARIZERS_HERE for each in regularizers]),
        (SCHEDULES, SCHEDULES_THERE),
    ],
    ids=["activations", "optimizers", "losses", "regularizers", "schedules"],
)
def test_all_is_compared_but_what_is_listed_with_a_reason(table, compared):
    kinds = {type(each) for each in compared}
    assert {name for name, kind in table.items() if kind not in kinds} == set(table) & set(NOT_IN_PYTORCH)


def test_everything_listed_is_in_a_table_and_has_a_reason():
    assert set(NOT_IN_PYTORCH) <= {*ACTIVATIONS, *OPTIMIZERS}
    assert all(NOT_IN_PYTORCH.values())


def test_every_choice_of_what_is_learned_and_every_form_is_compared():
    """All that can be learned at once, of every function; every form of the optimizers."""
    for kind in ACTIVATIONS.values():
        if "learn" in kind.parameters():
            learned = {name for function in FUNCTIONS if type(function) is kind for name in function.learned}
            assert learned == set("+".join(kind.parameters()["learn"].metadata["domain"].choices).split("+")) - {
                "nothing"
            }
    assert {each.form for each in OPTIMIZERS_THERE if isinstance(each, Adam)} == {"kingma_ba", "notes"}


def test_rmsprop_is_that_of_pytorch_where_epsilon_is_nothing():
    """ε inside and outside of the root differ only in ε: with 1e-30 inside and 1e-15 outside both are next to none."""
    inputs, targets = drawn_examples(HALF)
    case = Case(HALF, Tanh(), RMSProp(rate=0.003, epsilon=1e-30))
    shape = PackShape(dense_network(SIZES), BATCH_SIZE, HALF, Numbers(), 0, "float64")
    pack = Pack(shape, [case.member], {REPEAT: Examples(inputs, targets, inputs, targets, ())})
    for _ in pack.run():
        here = pack.networks.layout.weights(pack.parameters_of(0)[None])
    there = There(Case(HALF, Tanh(), RMSProp(rate=0.003)))
    parameters = [tensor for linear in there.linear for tensor in linear.parameters()]
    there.optimizer = torch.optim.RMSprop(parameters, lr=0.003, alpha=0.9, eps=1e-15)
    there.schedule = torch.optim.lr_scheduler.ConstantLR(there.optimizer, factor=1)
    for mine, linear in zip(here, there.train().linear, strict=True):
        expected = linear.weight.detach().numpy()
        assert abs(mine[0] - expected).max() <= TOLERANCE * abs(expected).max()
