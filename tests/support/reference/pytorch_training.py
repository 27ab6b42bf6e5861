"""A network with one hidden layer, trained by PyTorch from the same weights and on the same batches as ours."""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
import torch
from fitgap.core.activations import Activation, Identity
from fitgap.core.initializers import GlorotNormal
from fitgap.core.losses import HalfSquaredError, Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.members import Member
from fitgap.core.optimizers import Optimizer
from fitgap.core.randomness import Purpose, generator
from fitgap.core.regularizers import L1, L2, Dropout, Regularizer
from fitgap.core.schedules import Constant, Cosine, Exponential, InverseTime, Schedule, Step

from support.reference.pytorch_activations import FUNCTIONS
from support.reference.pytorch_optimizers import OPTIMIZERS_THERE

SIZES, EXAMPLE_COUNT, BATCH_SIZE, EPOCHS = (3, 5, 3), 22, 6, 55
SEED, REPEAT = 11, 2

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

REGULARIZERS_HERE = [
    (),
    (L1(weight=0.003),),
    (L2(weight=0.02),),
    (Dropout(ratio=0.3),),
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
HALF = HalfSquaredError()


@dataclass(frozen=True)
class Case:
    """The settings of one training."""

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


@functools.cache
def drawn_examples(loss):
    """Inputs and targets: numbers for half squared error, shares that sum to 1 for the cross entropies."""
    rng = np.random.default_rng(80)
    inputs, targets = rng.normal(size=(EXAMPLE_COUNT, SIZES[0])), rng.uniform(size=(EXAMPLE_COUNT, SIZES[-1]))
    return inputs, targets if loss == HALF else targets / targets.sum(axis=1, keepdims=True)


@functools.cache
def draws_of(epoch):
    """The order of the examples in an epoch, and for each batch the random numbers of dropout for all layers but the
    last.
    """
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
        """The dropout masks r of the inputs and of the hidden layer."""
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
