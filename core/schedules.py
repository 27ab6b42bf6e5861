"""Schedules: how the learning rate changes over the epochs, after an optional linear warm-up (Magyar 2024, §3.2)."""

import math
from dataclasses import dataclass

from fitgap.core.variants import Variant, parameter


@dataclass(frozen=True)
class Schedule(Variant):
    """Base of the schedules."""

    warm_up: int = parameter(0, at_least=0, whole=True, description="epochs of linear growth at the start")

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor on the learning rate in epoch 1 … `epochs`."""
        if epoch <= self.warm_up:
            return epoch / (self.warm_up + 1)
        return self.after_warm_up(epoch - self.warm_up - 1, epochs - self.warm_up)

    def after_warm_up(self, past: int, epochs: int) -> float:
        """The factor once `past` of the `epochs` after the warm-up are over; 1 if `past` is 0."""
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """A constant rate."""

    def after_warm_up(self, past, epochs):
        return 1.0


@dataclass(frozen=True)
class Step(Schedule):
    """The rate is multiplied by the factor `by` every `every` epochs."""

    every: int = parameter(10, at_least=1, whole=True, headline=True, description="epochs between changes")
    by: float = parameter(0.5, above=0, at_most=1, headline=True, description="factor of each change")

    def after_warm_up(self, past, epochs):
        return self.by ** (past // self.every)


@dataclass(frozen=True)
class Exponential(Schedule):
    """The rate is multiplied by the factor `by` after every epoch."""

    by: float = parameter(0.95, above=0, at_most=1, headline=True, description="factor of each epoch")

    def after_warm_up(self, past, epochs):
        return self.by**past


@dataclass(frozen=True)
class InverseTime(Schedule):
    """After t epochs, the rate is divided by 1 + decay·t."""

    decay: float = parameter(0.1, at_least=0, headline=True, description="how fast the rate falls")

    def after_warm_up(self, past, epochs):
        return 1 / (1 + self.decay * past)


@dataclass(frozen=True)
class Cosine(Schedule):
    """The rate falls along half a cosine and would reach its share `lowest` one epoch after the last (Loshchilov &
    Hutter 2017).
    """

    lowest: float = parameter(0.0, at_least=0, at_most=1, description="lowest rate, as a share of the initial rate")

    def after_warm_up(self, past, epochs):
        return self.lowest + (1 - self.lowest) * (1 + math.cos(math.pi * past / epochs)) / 2


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "exponential": Exponential,
    "inverse_time": InverseTime,
    "cosine": Cosine,
}
