"""Activation functions f, their derivatives f′, and those by their parameters β and γ (Magyar 2024, §2.1.1)."""

from core.activations.activation import Activation
from core.activations.rectifiers import ELU, PReLU, ReLU
from core.activations.sigmoids import Sigmoid, Tanh
from core.activations.smooth_rectifiers import Mish, SiLU, Softplus, Squareplus
from core.activations.straight import Identity, Sign, Threshold

ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "threshold": Threshold,
    "sign": Sign,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "prelu": PReLU,
    "silu": SiLU,
    "elu": ELU,
    "softplus": Softplus,
    "mish": Mish,
    "squareplus": Squareplus,
}
