"""Means of searches over seeds, with their standard errors, and what their difference from a peer's says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

# Differences within this many standard errors say nothing.
ERRORS = 2.0
BETTER, WORSE, NO_DIFFERENCE = "better", "worse", "no difference"


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Estimate":
        """That of values from different seeds."""
        spread = stdev(values) if len(values) > 1 else math.nan
        return cls(mean(values), spread / math.sqrt(len(values)))


@dataclass(frozen=True)
class Judgement:
    """A method against a sampler of a peer, on one problem, after as many trials; lower is better."""

    problem: str
    method: str
    generation: int
    peer: str
    sampler: str
    trials: int
    ours: Estimate
    theirs: Estimate
    # Ours minus theirs, seed by seed, since both meet the same problem with a seed.
    difference: Estimate
    seeds: int

    @property
    def verdict(self) -> str:
        """Better, worse, or no difference if it is within two standard errors."""
        low, high = (self.difference.mean + sign * ERRORS * self.difference.error for sign in (-1, 1))
        return BETTER if high < 0 else WORSE if low > 0 else NO_DIFFERENCE

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        numbers = {name: getattr(self, name) for name in ("ours", "theirs", "difference")}
        return {
            "problem": self.problem,
            **{name: getattr(self, name) for name in ("trials", "method", "generation", "peer", "sampler", "seeds")},
            **{name: each.mean for name, each in numbers.items()},
            **{f"{name}_error": each.error for name, each in numbers.items()},
            "verdict": self.verdict,
        }


def judged(ours: Sequence[float], theirs: Sequence[float], **what: Any) -> Judgement:
    """The judgement of what both found with the same seeds."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    estimates = [Estimate.of(each) for each in (ours, theirs, differences)]
    return Judgement(**what, ours=estimates[0], theirs=estimates[1], difference=estimates[2], seeds=len(ours))
