"""The activation functions of the core as PyTorch modules."""

import functools

import torch
from fitgap.core.activations import ELU, Identity, Mish, PReLU, ReLU, Sigmoid, SiLU, Softplus, Squareplus, Tanh


class Formula(torch.nn.Module):
    """A function given by its formula and differentiated by autograd; its learned β and γ are PyTorch parameters."""

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


# PyTorch's own modules where they exist. It has no squareplus and, apart from PReLU, no learned parameters.
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
