"""How much configurations vary between repeats, apart from what all of a block share, estimated from all of them.

A block is a set of configurations with the same repeats. What was compared in earlier blocks still says how much
configurations vary, so that a few of them that are left are judged with the experience of all.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from fitgap.runner.analysis.moderation import moderated

# Of the degrees of freedom that moderation adds, this share counts: how much the groups vary alike is an estimate, too.
COUNTED_SHARE = 0.1


@dataclass(frozen=True)
class Spread:
    """The standard deviations of the configurations of a block (k,), and the degrees of freedom of each."""

    deviations: np.ndarray
    degrees: float


@dataclass
class Spreads:
    """The variances of configurations of earlier blocks, each with its degrees of freedom."""

    variances: list[float] = field(default_factory=list)
    degrees: list[float] = field(default_factory=list)

    def keep(self, variances: np.ndarray, repeats: int, together: int) -> None:
        """Remember the variances (k,) of configurations of a block of `together` that take no part in later ones."""
        self.variances += variances.tolist()
        self.degrees += [degrees_in(repeats, together) for _ in variances]

    def with_block(self, values: np.ndarray) -> Spread:
        """The spread of the configurations of a block, given their errors (k, n)."""
        together, repeats = values.shape
        if together < 2 or repeats < 2:
            return Spread(np.full(together, math.nan), 1.0)
        own = variances_of(values)
        every = np.concatenate([np.array(self.variances), own])
        degrees = np.concatenate([np.array(self.degrees), np.full(together, degrees_in(repeats, together))])
        shrunk, its_degrees = moderated(every, float(degrees.mean()))
        if math.isinf(its_degrees):
            common = float((degrees * every).sum() / degrees.sum())
            return Spread(np.full(together, math.sqrt(common)), float(degrees.sum()))
        added = its_degrees - float(degrees.mean())
        return Spread(np.sqrt(shrunk[-together:]), repeats - 1 + COUNTED_SHARE * max(0.0, added))


def variances_of(values: np.ndarray) -> np.ndarray:
    """The variance (k,) of each configuration of a block between repeats, given their errors (k, n): that of what is
    left without the average of all, which varies less by a factor of 1 - 1 / k.
    """
    together, repeats = values.shape
    if together < 2 or repeats < 2:
        return np.full(together, math.nan)
    variances: np.ndarray = np.var(values - values.mean(axis=0), axis=1, ddof=1) * together / (together - 1)
    return variances


def degrees_in(repeats: int, together: int) -> float:
    """The degrees of freedom of each variance in a block, of which the average of all uses up some."""
    return (repeats - 1) * (together - 1) / together
