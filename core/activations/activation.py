"""Base class of the activation functions: value, derivative, and derivatives with respect to learnable parameters.

Every function works elementwise on `x`, the pre-activations (k, B, n) of k adjacent members of one kind, and writes
into `out` of the same shape. β and γ are passed as arrays (k, 1, 1), one value per member. If they are learned,
`by_parameter` gives ∂f/∂β and ∂f/∂γ (see the table in docs/explanation/mathematics.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from fitgap.core.kernels.expressions import Expression
from fitgap.core.variants import Domain, ParameterError, Variant, parameter

LEARNABLE = ("beta", "gamma")
# The smallest distance that a learned parameter keeps from an exclusive lower bound.
MARGIN = 1e-3


def learnable(*names: str) -> Any:
    """The parameter that selects which of β and γ are trained along with the weights."""
    choices = ("nothing", *names, *(["beta+gamma"] if len(names) > 1 else []))
    return parameter("nothing", choices=choices, description="which parameters are learned with the weights")


@dataclass(frozen=True)
class Activation(Variant):
    """Base class of the activation functions. Gradient descent needs `differentiable` ones.

    `value_formula` and `derivative_formula` implement `value` and `derivative` again, for compiled passes with
    bit-identical results; they are None where a transcendental function is needed.
    """

    differentiable: ClassVar[bool] = True
    value_formula: ClassVar[Callable[..., Expression] | None] = None
    derivative_formula: ClassVar[Callable[..., Expression] | None] = None
    learn = "nothing"

    share: float = parameter(1.0, above=0, description="relative share of the units, if a layer mixes functions")

    @staticmethod
    def value(x: np.ndarray, out: np.ndarray, **parameters: np.ndarray) -> None:
        """Write f(x) into `out`."""
        raise NotImplementedError

    @staticmethod
    def derivative(x: np.ndarray, a: np.ndarray, out: np.ndarray, **parameters: np.ndarray) -> None:
        """Write f′(x) into `out`, which may be `x` itself; `a` is f(x)."""
        raise NotImplementedError

    @staticmethod
    def by_parameter(x: np.ndarray, a: np.ndarray, **parameters: np.ndarray) -> dict[str, np.ndarray]:
        """∂f/∂β and ∂f/∂γ at every x, by name, for the learnable parameters."""
        return {}

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.learned:
            lowest = lowest_learned(self.parameters()[name].metadata["domain"])
            if lowest is not None and getattr(self, name) < lowest:
                raise ParameterError(name, f"must be at least {lowest:g} to be learned", getattr(self, name))

    @property
    def learned(self) -> tuple[str, ...]:
        """The names of the parameters that are learned."""
        return tuple(name for name in LEARNABLE if name in self.learn.split("+"))


def lowest_learned(domain: Domain) -> float | None:
    """The lowest value that a learned parameter of this domain may take; None if there is no lower bound."""
    return domain.at_least if domain.above is None else domain.above + MARGIN
