"""Initializers: initial biases, and distributions of initial weights given a layer's numbers of inputs and outputs."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.activations.activation import Activation
from fitgap.core.randomness import Purpose, generator
from fitgap.core.variants import Variant, parameter


@dataclass(frozen=True)
class Initializer(Variant):
    """Base of the initializers: `shape` names the distribution, `spread` gives its standard deviation or half width."""

    shape: ClassVar[str] = "normal"

    def spread(self, inputs: int, outputs: int) -> float:
        """Standard deviation (normal) or half width (uniform) for a layer with these numbers of inputs and outputs."""
        raise NotImplementedError

    def draw(
        self,
        inputs: int,
        outputs: int,
        *,
        seed: int,
        repeat: int,
        layer: int,
        fan_out: int | None = None,
        block: int = 0,
    ) -> np.ndarray:
        """Initial weights (outputs, inputs) in float64 of layer 1, 2, …, the same in all configurations of a repeat.

        `fan_out` is the number of outputs that an input reaches, by default all of `outputs`; `block` counts the blocks
        of weights of a layer from 0.
        """
        source = generator(seed, repeat, Purpose.WEIGHTS, layer, *([block] if block else []))
        shape = (outputs, inputs)
        unit = source.standard_normal(shape) if self.shape == "normal" else source.uniform(-1, 1, shape)
        return unit * self.spread(inputs, fan_out or outputs)

    def bias(self, inputs: int) -> float:
        """The initial bias of every unit in a layer with this number of inputs."""
        return 0.0

    def suiting(self, activation: Activation) -> "Initializer":
        """The initializer for a layer with this activation; itself, except for `auto`."""
        return self


@dataclass(frozen=True)
class GlorotUniform(Initializer):
    """Uniform within ±√(6/(inputs + outputs)) (Glorot & Bengio 2010), for functions that are symmetric about 0."""

    shape = "uniform"

    def spread(self, inputs, outputs):
        return math.sqrt(6 / (inputs + outputs))


@dataclass(frozen=True)
class GlorotNormal(Initializer):
    """Normal with variance 2/(inputs + outputs) (Glorot & Bengio 2010)."""

    def spread(self, inputs, outputs):
        return math.sqrt(2 / (inputs + outputs))


@dataclass(frozen=True)
class HeUniform(Initializer):
    """Uniform within ±√(6/inputs) (He et al. 2015), for functions of the ReLU family."""

    shape = "uniform"

    def spread(self, inputs, outputs):
        return math.sqrt(6 / inputs)


@dataclass(frozen=True)
class HeNormal(Initializer):
    """Normal with variance 2/inputs (He et al. 2015), for functions of the ReLU family."""

    def spread(self, inputs, outputs):
        return math.sqrt(2 / inputs)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform within ± a fixed limit."""

    shape = "uniform"
    limit: float = parameter(0.05, above=0, headline=True, description="half the width of the interval")

    def spread(self, inputs, outputs):
        return self.limit


@dataclass(frozen=True)
class Normal(Initializer):
    """Normal with a fixed standard deviation."""

    deviation: float = parameter(0.05, above=0, headline=True, description="standard deviation")

    def spread(self, inputs, outputs):
        return self.deviation


@dataclass(frozen=True)
class Zeros(Initializer):
    """All weights 0. Suits a single layer; the units of a hidden layer would stay identical."""

    def spread(self, inputs, outputs):
        return 0.0


@dataclass(frozen=True)
class Majority(Initializer):
    """Weights 1 and biases −n/2: with the threshold function a unit fires if most inputs are 1.

    Source: Magyar 2024, §2.2.2.3.1, which prints b = n/2; with that the unit would always fire.
    """

    def draw(self, inputs, outputs, *, seed, repeat, layer, fan_out=None, block=0):
        return np.ones((outputs, inputs))

    def bias(self, inputs):
        return -inputs / 2


@dataclass(frozen=True)
class Auto(Initializer):
    """Chooses by each layer's activation: he_normal for the ReLU family, glorot_uniform for the others."""

    def suiting(self, activation):
        return HeNormal() if type(activation).__name__ in RELU_FAMILY else GlorotUniform()


INITIALIZERS: dict[str, type[Initializer]] = {
    "auto": Auto,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "uniform": Uniform,
    "normal": Normal,
    "zeros": Zeros,
    "majority": Majority,
}
RELU_FAMILY = ("ReLU", "PReLU", "SiLU", "ELU", "Softplus", "Mish", "Squareplus")
