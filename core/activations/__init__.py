"""Activation functions f with their derivatives f′, ∂f/∂β and ∂f/∂γ (Magyar 2024, §2.1.1)."""

from fitgap.core.activations.activation import Activation
from fitgap.core.activations.piecewise_linear import Identity, Sign, Threshold
from fitgap.core.activations.rectifiers import ELU, PReLU, ReLU
from fitgap.core.activations.sigmoids import Sigmoid, Tanh
from fitgap.core.activations.smooth_rectifiers import Mish, SiLU, Softplus, Squareplus

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
