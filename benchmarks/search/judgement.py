"""Judgement of searches: means over seeds, with standard errors, and verdicts on the difference from a peer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

# A difference within this many standard errors is not significant.
ERRORS = 2.0
BETTER, WORSE, NO_DIFFERENCE = "better", "worse", "no difference"


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Estimate":
        """The estimate from the values of different seeds."""
        spread = stdev(values) if len(values) > 1 else math.nan
        return cls(mean(values), spread / math.sqrt(len(values)))


@dataclass(frozen=True)
class Judgement:
    """A method compared with a sampler of a peer on one problem, after equally many trials; lower is better."""

    problem: str
    method: str
    generation: int
    peer: str
    sampler: str
    trials: int
    ours: Estimate
    theirs: Estimate
    # Ours minus theirs, paired by seed, since both search the same problem for a seed.
    difference: Estimate
    seeds: int

    @property
    def verdict(self) -> str:
        """Better, worse, or no difference if it is within two standard errors."""
        low, high = (self.difference.mean + sign * ERRORS * self.difference.error for sign in (-1, 1))
        return BETTER if high < 0 else WORSE if low > 0 else NO_DIFFERENCE

    def plain(self) -> dict[str, Any]:
        """The judgement as `--json` prints it."""
        numbers = {name: getattr(self, name) for name in ("ours", "theirs", "difference")}
        return {
            "problem": self.problem,
            **{name: getattr(self, name) for name in ("trials", "method", "generation", "peer", "sampler", "seeds")},
            **{name: each.mean for name, each in numbers.items()},
            **{f"{name}_error": each.error for name, each in numbers.items()},
            "verdict": self.verdict,
        }


def judged(ours: Sequence[float], theirs: Sequence[float], **what: Any) -> Judgement:
    """The judgement of the scores that both sides reached with the same seeds."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    estimates = [Estimate.of(each) for each in (ours, theirs, differences)]
    return Judgement(**what, ours=estimates[0], theirs=estimates[1], difference=estimates[2], seeds=len(ours))
