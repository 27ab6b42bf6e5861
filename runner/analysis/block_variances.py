"""Variances of configurations between repeats, without the variation common to a block, estimated from all of them.

A block is a set of configurations with the same repeats. Variances from earlier blocks are kept, so that the estimate
stays reliable when only a few configurations are left.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from fitgap.runner.analysis.moderation import moderated

# Only this share of the degrees of freedom that moderation adds counts: how alike the variances are is only estimated.
COUNTED_SHARE = 0.1


@dataclass(frozen=True)
class Spread:
    """The standard deviations (k,) of the configurations of a block, and the degrees of freedom of each. With
    `is_common`, they are estimated from all configurations together.
    """

    deviations: np.ndarray
    degrees: float
    is_common: bool = False

    def degrees_against(self, other: int) -> np.ndarray:
        """The degrees of freedom (k,) of differences from one of the configurations (Welch and Satterthwaite)."""
        if self.is_common:
            return np.full(len(self.deviations), self.degrees)
        mine, its = self.deviations**2, self.deviations[other] ** 2
        together: np.ndarray = (mine + its) ** 2
        return self.degrees * np.divide(together, mine**2 + its**2, out=np.ones_like(mine), where=mine + its > 0)


@dataclass
class Spreads:
    """The variances of configurations of earlier blocks, each with its degrees of freedom."""

    variances: list[float] = field(default_factory=list)
    degrees: list[float] = field(default_factory=list)

    def keep(self, variances: np.ndarray, repeats: int, together: int) -> None:
        """Keep the variances (k,) of configurations of a block of `together` that are not part of later blocks."""
        self.variances += variances.tolist()
        self.degrees += [degrees_in(repeats, together) for _ in variances]

    def with_block(self, values: np.ndarray) -> Spread:
        """The spread of the configurations of a block, given their errors (k, n)."""
        together, repeats = values.shape
        if together < 2 or repeats < 2:
            return Spread(np.full(together, math.nan), 1.0)
        own, degrees = variances_of(values), degrees_in(repeats, together)
        every = np.array([*self.variances, *own.tolist()])
        of_every = np.array([*self.degrees, *(degrees for _ in own)])
        if vary_alike(every, float(of_every.mean())):
            return common(every, of_every, own)
        # Configurations that are no longer compared may have other variances, for example if they learn badly.
        shrunk, its_degrees = moderated(own, degrees)
        if math.isinf(its_degrees):
            return common(own, of_every[-together:], own)
        return Spread(np.sqrt(np.maximum(shrunk, own)), degrees + COUNTED_SHARE * (its_degrees - degrees))


def vary_alike(variances: np.ndarray, degrees: float) -> bool:
    """Whether all variances could have the same true value."""
    return math.isinf(moderated(variances, degrees)[1])


def common(variances: np.ndarray, degrees: np.ndarray, own: np.ndarray) -> Spread:
    """The spread of a block whose configurations vary alike, pooled over all variances. A configuration with a higher
    variance of its own keeps it, because a few repeats cannot show that it really differs.
    """
    total = float(degrees.sum())
    return Spread(np.sqrt(np.maximum((degrees * variances).sum() / total, own)), total, is_common=True)


def variances_of(values: np.ndarray) -> np.ndarray:
    """The variance (k,) of each configuration of a block between repeats, given their errors (k, n).

    The mean over configurations is subtracted first. This lowers the variance by a factor of 1 - 1 / k, which is
    corrected.
    """
    together, repeats = values.shape
    if together < 2 or repeats < 2:
        return np.full(together, math.nan)
    variances: np.ndarray = np.var(values - values.mean(axis=0), axis=1, ddof=1) * together / (together - 1)
    return variances


def degrees_in(repeats: int, together: int) -> float:
    """The degrees of freedom of each variance in a block, less those used up by subtracting the mean."""
    return (repeats - 1) * (together - 1) / together
