"""Activation functions f, their derivatives f′, and those by their parameters β and γ (Magyar 2024, §2.1.1).

Every function works elementwise on `x`, the pre-activations (k, B, n) of k neighbouring members of one kind, and writes
into `out` of the same shape. β and γ arrive as arrays (k, 1, 1), so each member has its own; where they are learned,
`by_parameter` tells how f changes with them (see the table in docs/mathematics.md).

The forms are those that neither overflow nor cancel, such as softplus by its distance from max(0, x).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from core.variants import Domain, ParameterError, Variant, parameter

LEARNABLE = ("beta", "gamma")
# A learned parameter that must stay above a bound stays above it by this much.
MARGIN = 1e-3
# e to this power is still finite, and 1/(1 + it) is as good as 0.
LARGEST_POWER = {"float32": 80.0, "float64": 700.0}


def learnable(*names: str) -> Any:
    """The parameter that says which of β and γ are learned with the weights."""
    choices = ("nothing", *names, *(["beta+gamma"] if len(names) > 1 else []))
    return parameter("nothing", choices=choices, description="which parameters are learned with the weights")


@dataclass(frozen=True)
class Activation(Variant):
    """Base of the activation functions. One that is not `differentiable` cannot be trained by gradient descent."""

    differentiable: ClassVar[bool] = True
    learn = "nothing"

    share: float = parameter(1.0, above=0, description="share of the units, where a layer mixes functions")

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
        """∂f/∂β and ∂f/∂γ at every x, by name, for the parameters that can be learned."""
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


@dataclass(frozen=True)
class Identity(Activation):
    """x (Magyar 2024, A.10)."""

    @staticmethod
    def value(x, out):
        np.copyto(out, x)

    @staticmethod
    def derivative(x, a, out):
        out.fill(1)


@dataclass(frozen=True)
class Threshold(Activation):
    """1 where x > 0, else 0 (Magyar 2024, §2.1.1.1); its derivative is 0 almost everywhere."""

    differentiable = False

    @staticmethod
    def value(x, out):
        np.greater(x, 0, out=out)

    @staticmethod
    def derivative(x, a, out):
        out.fill(0)


@dataclass(frozen=True)
class Sign(Activation):
    """1 where x > 0, else −1 (Magyar 2024, §2.1.1.2); its derivative is 0 almost everywhere."""

    differentiable = False

    @staticmethod
    def value(x, out):
        np.greater(x, 0, out=out)
        out *= 2
        out -= 1

    @staticmethod
    def derivative(x, a, out):
        out.fill(0)


@dataclass(frozen=True)
class Sigmoid(Activation):
    """γ/(1 + e^(−βx)), the logistic curve (Magyar 2024, §2.1.1.3)."""

    beta: float = parameter(1.0, description="steepness β")
    gamma: float = parameter(1.0, above=0, description="upper limit γ")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        np.divide(a, -gamma, out=out)
        out += 1
        out *= a
        out *= beta

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        return {"beta": x * a * (1 - a / gamma), "gamma": a / gamma}


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent (Magyar 2024, §2.1.1.9)."""

    @staticmethod
    def value(x, out):
        np.tanh(x, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)


@dataclass(frozen=True)
class ReLU(Activation):
    """max(0, x), with derivative 0 at 0 (Magyar 2024, §2.1.1.4)."""

    @staticmethod
    def value(x, out):
        # NumPy takes the maximum of two arrays five times as fast as that of an array and a number.
        out.fill(0)
        np.maximum(x, out, out=out)

    @staticmethod
    def derivative(x, a, out):
        np.greater(a, 0, out=out)


@dataclass(frozen=True)
class PReLU(Activation):
    """x where x > 0, else βx, with derivative β at 0; with a small β also known as leaky ReLU (Magyar 2024,
    §2.1.1.5).
    """

    beta: float = parameter(0.01, headline=True, description="slope β left of 0")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        # max(0, x) + β·min(0, x): one of the two is 0, and no call has to look at every number for itself.
        out.fill(0)
        left = np.minimum(x, out)
        left *= beta
        np.maximum(x, out, out=out)
        out += left

    @staticmethod
    def derivative(x, a, out, beta):
        np.greater(x, 0, out=out)
        left = 1 - out
        left *= beta
        out += left

    @staticmethod
    def by_parameter(x, a, beta):
        return {"beta": np.minimum(x, 0)}


@dataclass(frozen=True)
class SiLU(Activation):
    """x·σ(x), also known as swish (Magyar 2024, §2.1.1.6, with the derivative corrected)."""

    beta: float = parameter(1.0, description="steepness β of σ")
    gamma: float = parameter(1.0, description="upper limit γ of σ")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma
        out *= x

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        # γu + βx·γu(1 − u) with u = σ/γ; as printed, β is missing and x stands outside the bracket.
        u = logistic(x, beta)
        np.multiply(x, beta, out=out)
        out *= 1 - u
        out += 1
        out *= u
        out *= gamma

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        u = logistic(x, beta)
        return {"beta": x * a * (1 - u), "gamma": x * u}


@dataclass(frozen=True)
class ELU(Activation):
    """x where x > 0, else β(eˣ − 1), with derivative β at 0 (Magyar 2024, §2.1.1.7)."""

    beta: float = parameter(1.0, at_least=0, description="limit −β far left of 0")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        positive = x > 0
        np.minimum(x, 0, out=out)
        np.expm1(out, out=out)
        out *= beta
        np.copyto(out, x, where=positive)

    @staticmethod
    def derivative(x, a, out, beta):
        positive = x > 0
        np.add(a, beta, out=out)
        np.copyto(out, 1, where=positive)

    @staticmethod
    def by_parameter(x, a, beta):
        return {"beta": np.expm1(np.minimum(x, 0))}


@dataclass(frozen=True)
class Softplus(Activation):
    """γ/β·ln(1 + e^(βx)), also known as SmoothReLU (Magyar 2024, §2.1.1.8)."""

    beta: float = parameter(1.0, above=0, description="sharpness β")
    gamma: float = parameter(1.0, description="slope γ far right of 0")
    learn: str = learnable("beta", "gamma")

    @staticmethod
    def value(x, out, beta, gamma):
        log_one_plus_exp(x * beta, out)
        out *= gamma / beta

    @staticmethod
    def derivative(x, a, out, beta, gamma):
        logistic(x, beta, out)
        out *= gamma

    @staticmethod
    def by_parameter(x, a, beta, gamma):
        return {"beta": gamma * softplus_by_beta(x, beta), "gamma": log_one_plus_exp(x * beta) / beta}


@dataclass(frozen=True)
class Mish(Activation):
    """x·tanh(s) with s = softplus(x) (Magyar 2024, §2.1.1.9)."""

    beta: float = parameter(1.0, above=0, description="sharpness β of softplus")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        bend = np.tanh(log_one_plus_exp(x * beta) / beta)
        np.multiply(x, bend, out=out)

    @staticmethod
    def derivative(x, a, out, beta):
        s = log_one_plus_exp(x * beta) / beta
        rest = x * logistic(x, beta) * squared_sech(s)
        np.add(np.tanh(s), rest, out=out)

    @staticmethod
    def by_parameter(x, a, beta):
        s = log_one_plus_exp(x * beta) / beta
        return {"beta": x * squared_sech(s) * softplus_by_beta(x, beta)}


@dataclass(frozen=True)
class Squareplus(Activation):
    """(x + √(x² + β))/2 (Magyar 2024, §2.1.1.10)."""

    beta: float = parameter(1.0, at_least=0, description="roundness β; 0 gives ReLU")
    learn: str = learnable("beta")

    @staticmethod
    def value(x, out, beta):
        # x + √(x² + β) cancels left of 0; max(0, x) + β/(2(√(x² + β) + |x|)) is the same and cancels nowhere.
        rest = np.sqrt(x * x + beta)
        rest += np.abs(x)
        rest *= 2
        # Where x and β are both 0, the quotient is 0 as well.
        rest += np.finfo(x.dtype).tiny
        np.divide(beta, rest, out=rest)
        out.fill(0)
        np.maximum(x, out, out=out)
        out += rest

    @staticmethod
    def derivative(x, a, out, beta):
        root = np.sqrt(x * x + beta)
        slope = np.divide(x, root, out=np.zeros_like(root), where=root > 0)
        np.multiply(slope, 0.5, out=out)
        out += 0.5

    @staticmethod
    def by_parameter(x, a, beta):
        root = np.sqrt(x * x + beta)
        return {"beta": np.divide(0.25, root, out=np.zeros_like(root), where=root > 0)}


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


def lowest_learned(domain: Domain) -> float | None:
    """The lowest value that a learned parameter of this domain may take; None where there is none."""
    return domain.at_least if domain.above is None else domain.above + MARGIN


def logistic(x: np.ndarray, beta: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """1/(1 + e^(−βx)), exact in its last digits on both sides; e^(−βx) is cut off where it would overflow."""
    out = np.empty_like(x) if out is None else out
    power = x * -beta
    # NumPy takes the minimum of two arrays several times as fast as that of an array and a number.
    out.fill(LARGEST_POWER[x.dtype.name])
    np.minimum(power, out, out=out)
    np.exp(out, out=out)
    out += 1
    return np.divide(1, out, out=out)


def log_one_plus_exp(z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """ln(1 + e^z) as max(0, z) + ln(1 + e^(−|z|)), which cannot overflow."""
    rest = np.log1p(np.exp(-np.abs(z)))
    return np.add(np.maximum(z, 0), rest, out=out)


def softplus_by_beta(x: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """∂/∂β of ln(1 + e^(βx))/β, which is (xσ − p/β)/β with p = ln(1 + e^(βx)).

    Far right of 0, xσ and p/β cancel; with z = |βx| both are −(z·e^(−z)/(1 + e^(−z)) + ln(1 + e^(−z)))/β², which does
    not.
    """
    z = np.abs(x * beta)
    rest = np.exp(-z)
    return -(z * rest / (1 + rest) + np.log1p(rest)) / beta**2


def squared_sech(s: np.ndarray) -> np.ndarray:
    """sech² s for s ≥ 0 as 4e^(−2s)/(1 + e^(−2s))², where 1 − tanh² s would cancel."""
    rest = np.exp(-2 * s)
    return 4 * rest / (1 + rest) ** 2
