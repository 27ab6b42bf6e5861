"""Early stopping: once the error is acceptable, or once E_v no longer improves (Magyar 2024, §3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from fitgap.core.variants import Variant, parameter

# What a rule may restore when the training ends.
NOTHING, BEST = "nothing", "best"


@dataclass
class Standing:
    """The state of a stopping rule for one member: the epochs counted so far and the best E_v."""

    epochs: int = 0
    best: float = field(default=float("inf"))


@dataclass(frozen=True)
class Stopping(Variant):
    """Base of the stopping rules."""

    def should_stop(self, standing: Standing, training_errors: np.ndarray, e_v: float) -> bool:
        """Update `standing` with an epoch's training errors (N,) and E_v; return whether to stop after this epoch."""
        raise NotImplementedError

    def reason(self) -> str:
        """Why a member was stopped, in words."""
        raise NotImplementedError

    @property
    def restores_best(self) -> bool:
        """Whether a member ends with the parameters of its best epoch, whatever ends its training."""
        return False


@dataclass(frozen=True)
class AcceptableError(Stopping):
    """Stop when enough training examples have had an acceptable error for some epochs (Magyar 2024, after Alg. 1)."""

    error: float = parameter(above=0, headline=True, description="largest acceptable error of an example")
    share: float = parameter(0.95, above=0, at_most=1, description="share of the examples that must be acceptable")
    epochs: int = parameter(5, at_least=1, whole=True, description="number of consecutive epochs")

    def should_stop(self, standing, training_errors, e_v):
        acceptable = np.mean(training_errors <= self.error) >= self.share
        standing.epochs = standing.epochs + 1 if acceptable else 0
        return standing.epochs >= self.epochs

    def reason(self):
        return (
            f"{self.share:.0%} of the training examples had an error of at most {self.error:g} for {self.epochs} epochs"
        )


@dataclass(frozen=True)
class NoImprovement(Stopping):
    """Stop when E_v has not improved for some epochs; with `restore: best`, end with the network of the best epoch."""

    epochs: int = parameter(10, at_least=1, whole=True, headline=True, description="epochs without improvement")
    least: float = parameter(0.0, at_least=0, description="an improvement must be larger than this")
    restore: str = parameter(NOTHING, choices=(NOTHING, BEST), description="which network the trial ends with")

    def settings(self) -> dict[str, Any]:
        """All parameters; without `restore` if nothing is restored, as in versions that did not have this parameter."""
        found = super().settings()
        if self.restore == NOTHING:
            del found["restore"]
        return found

    @property
    def restores_best(self):
        return self.restore == BEST

    def should_stop(self, standing, training_errors, e_v):
        if e_v < standing.best - self.least:
            standing.epochs, standing.best = 0, e_v
        else:
            standing.epochs += 1
        return standing.epochs >= self.epochs

    def reason(self):
        return f"E_v had not improved for {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"


STOPPINGS: dict[str, type[Stopping]] = {"acceptable_error": AcceptableError, "no_improvement": NoImprovement}


def first_reason(
    rules: Sequence[Stopping], standings: Sequence[Standing], training_errors: np.ndarray, e_v: float
) -> str | None:
    """Why a member stops after this epoch, or None if it does not. Updates the standings of all its rules."""
    reasons = [
        rule.reason() if rule.should_stop(standing, training_errors, e_v) else None
        for rule, standing in zip(rules, standings, strict=True)
    ]
    return next((reason for reason in reasons if reason is not None), None)
