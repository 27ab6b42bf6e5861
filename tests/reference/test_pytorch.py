"""Whole training runs against PyTorch on the CPU, in float64, from the same weights and over the same batches.

Not part of the ordinary test run, because PyTorch is large and has an extra of its own. To run it:

    pip install -e '.[test,torch]' --extra-index-url https://download.pytorch.org/whl/cpu
    pytest tests/reference

All runs of a loss are trained here as one pack, and one by one by PyTorch: 55 epochs of four batches, 220 steps. Two
trainings agree if, for each weight matrix, bias vector, and β and γ that are learned, max|here − there| ≤ 1e-9·max|there|
after the last step. What PyTorch does not have is listed with the reason, and the lists are checked to be exact.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from core.activations import (
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
from core.initializers import GlorotNormal
from core.losses import LOSSES, HalfSquaredError, Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy
from core.members import Member, PackShape
from core.optimizers import OPTIMIZERS, Adam, AdamW, GradientDescent, Momentum, Nesterov, Optimizer, RMSProp
from core.preprocessing import Examples
from core.randomness import Purpose, generator
from core.readings import Numbers
from core.regularizers import L1, L2, REGULARIZERS, Dropout, Regularizer
from core.schedules import SCHEDULES, Constant, Cosine, Exponential, Schedule, Step
from core.training import Pack

NOT_IN_PYTORCH = {
    "activations": {
        "threshold": "has no derivative to train with (torch.nn.Threshold is another function)",
        "sign": "has no derivative to train with",
    },
    "optimizers": {
        "perceptron": "no gradient descent; pinned by tests/core/test_perceptrons.py",
        "fixed": "makes no steps",
    },
    "regularizers": {},
    "losses": {},
    "schedules": {"inverse_time": "not among torch.optim.lr_scheduler; pinned by tests/core/test_schedules.py"},
}

SIZES, EXAMPLE_COUNT, BATCH_SIZE, EPOCHS = (3, 5, 3), 22, 6, 55
TOLERANCE = 1e-9
SEED, REPEAT = 11, 2


@dataclass(frozen=True)
class Case:
    """One training: its name, the loss, and what PyTorch is to use for the parts of the member."""

    loss: Loss
    activation: Activation
    optimizer: Optimizer
    regularizers: tuple[Regularizer, ...] = ()
    schedule: Schedule = Constant()

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
        parts = [self.loss, self.activation, self.optimizer, *self.regularizers]
        parts += [] if self.schedule == Constant() else [self.schedule]
        return "-".join(part.label(type(part).__name__) for part in parts)


def own(function, name):
    """A learned β or γ as PyTorch's own parameter, for functions that it has no module of."""
    return torch.nn.Parameter(torch.tensor([getattr(function, name)], dtype=torch.float64))


class Expression(torch.nn.Module):
    """A function with learned β and γ by its formula, differentiated by autograd."""

    def __init__(self, function, formula):
        super().__init__()
        self.formula = formula
        self.numbers = {name: getattr(function, name) for name in ("beta", "gamma") if hasattr(function, name)}
        self.learned = torch.nn.ParameterDict({name: own(function, name) for name in function.learned})

    def forward(self, x):
        return self.formula(x, **{**self.numbers, **dict(self.learned.items())})


def logistic(x, beta, gamma):
    return gamma * torch.sigmoid(beta * x)


def softplus(x, beta, gamma=1):
    return gamma * torch.logaddexp(torch.zeros_like(x), beta * x) / beta


# Modules of PyTorch where it has them, else their formulas; by (activation, what is learned).
FUNCTIONS = {
    (Identity(), ""): torch.nn.Identity,
    (Sigmoid(), ""): torch.nn.Sigmoid,
    (Tanh(), ""): torch.nn.Tanh,
    (ReLU(), ""): torch.nn.ReLU,
    (PReLU(beta=0.05), ""): lambda: torch.nn.LeakyReLU(0.05),
    (PReLU(beta=0.25, learn="beta"), ""): lambda: torch.nn.PReLU(init=0.25, dtype=torch.float64),
    (SiLU(), ""): torch.nn.SiLU,
    (ELU(beta=0.7), ""): lambda: torch.nn.ELU(alpha=0.7),
    (Softplus(beta=1.5), ""): lambda: torch.nn.Softplus(beta=1.5, threshold=1e3),
    (Mish(), ""): torch.nn.Mish,
    (Sigmoid(beta=1.2, gamma=1.5, learn="beta+gamma"), ""): logistic,
    (SiLU(beta=1.3, gamma=0.9, learn="beta+gamma"), ""): lambda x, beta, gamma: x * logistic(x, beta, gamma),
    (ELU(beta=0.8, learn="beta"), ""): lambda x, beta: torch.where(x > 0, x, beta * torch.expm1(x.clamp(max=0))),
    (Softplus(beta=1.3, gamma=0.8, learn="beta+gamma"), ""): softplus,
    (Mish(beta=1.3, learn="beta"), ""): lambda x, beta: x * torch.tanh(softplus(x, beta)),
    (Squareplus(beta=1.3), ""): lambda x, beta: (x + torch.sqrt(x * x + beta)) / 2,
    (Squareplus(beta=1.3, learn="beta"), ""): lambda x, beta: (x + torch.sqrt(x * x + beta)) / 2,
}
