"""Whole training runs compared with PyTorch on the CPU, in float64, from the same weights and on the same batches.

Not part of the ordinary test run, because PyTorch is large and has an extra of its own. To run it, with the CPU build
of PyTorch installed:

    pytest tests/reference

Per commit, a fifth of the runs is compared; at night, all of them (`pytest -m nightly tests/reference`). We train all
runs with one loss as a single pack, and PyTorch trains them one by one: 55 epochs of four batches, 220 steps. Two
trainings agree if after the last step max|ours − theirs| ≤ 1e-9·max|theirs| holds for each weight matrix, each bias
vector, and each learned β and γ separately. What PyTorch does not have is listed in `test_pytorch_coverage.py`.
"""

import functools
import math

import pytest
import torch
from fitgap.core.activations import Tanh
from fitgap.core.initializers import GlorotNormal
from fitgap.core.members import PackShape
from fitgap.core.network_shape import dense_network
from fitgap.core.optimizers import Adam, RMSProp
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import L1, L2, Dropout
from fitgap.core.schedules import Constant
from fitgap.core.target_coding import Numbers
from fitgap.core.training import Pack
from support.reference.pytorch_activations import FUNCTIONS
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE
from support.reference.pytorch_training import (
    BATCH_SIZE,
    EPOCHS,
    EXAMPLE_COUNT,
    HALF,
    LOSSES_THERE,
    REGULARIZERS_HERE,
    REPEAT,
    SCHEDULES_THERE,
    SEED,
    SIZES,
    Case,
    There,
    drawn_examples,
)
from support.sampling import every

TOLERANCE = 1e-9
MORE_REGULARIZERS = [
    (L1(weight=0.003, scope="input", biases=True), L2(weight=0.02, biases=True)),
    (L1(weight=0.003, biases=True), L2(weight=0.02, scope="input"), Dropout(ratio=0.2, scope="input")),
    (L2(weight=0.02, scope="input", biases=True), Dropout(ratio=0.2, scope="hidden")),
]
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
def trained_here(loss):
    """All cases with one loss, trained in one pack: for each case its weights, biases, and learned β and γ, by name."""
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


def relative_differences(case):
    """max|ours − theirs|/max|theirs| for every tensor, by name."""
    here = trained_here(case.loss)[case]
    there = {name: each.detach().numpy() for name, each in There(case).train().parameters().items()}
    assert here.keys() == there.keys()
    return {name: abs(here[name] - there[name]).max() / abs(there[name]).max() for name in here}


# 5 is coprime to the numbers of optimizers and regularizers, so the fifth contains every pair of these.
@pytest.mark.parametrize("case", every(5, CASES), ids=str)
def test_a_training_agrees_with_that_of_pytorch(case):
    differences = relative_differences(case)
    assert max(differences.values()) <= TOLERANCE, differences


def test_a_training_is_no_standstill_and_has_at_least_200_steps():
    assert EPOCHS * math.ceil(EXAMPLE_COUNT / BATCH_SIZE) >= 200
    for case, numbers in trained_here(HALF).items():
        start = GlorotNormal().draw(SIZES[0], SIZES[1], seed=SEED, repeat=REPEAT, layer=1)
        assert abs(numbers["weights 0"] - start).max() > 0.01, case


def test_rmsprop_is_that_of_pytorch_where_epsilon_is_nothing():
    """ε inside and outside of the root is the only difference: with 1e-30 inside and 1e-15 outside, it is
    negligible.
    """
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
