"""Decomposition of the variance of a full grid: the shares of each axis, of each pair of axes, and of chance.

This is a functional analysis of variance (Hooker, 2007; Hutter, Hoos and Leyton-Brown, 2014) on the grid itself instead
of a model of it. All combinations have the same weight, so the components are orthogonal and their squares add up.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled


@dataclass(frozen=True)
class Share:
    """The share of the variance that some axes, given by index, explain.

    `raw` is the measured share. `noise` is the part of it expected from chance alone; NaN with one repeat.
    """

    axes: tuple[int, ...]
    raw: float
    noise: float

    @property
    def without_noise(self) -> float:
        """The share corrected for chance; may be slightly negative if there is no effect."""
        return self.raw if np.isnan(self.noise) else self.raw - self.noise


@dataclass(frozen=True)
class Shares:
    """The decomposed variance; all `raw` shares plus `repeat` and `left` add up to 1.

    `rest` is the interaction of three or more axes. `repeat` is the effect of a repeat common to all configurations,
    `left` the variation of each configuration between repeats. `main` holds the main effect of each axis,
    (alternatives, repeats).
    """

    axes: list[Share]
    pairs: list[Share]
    rest: Share
    repeat: float
    left: float
    main: list[np.ndarray]

    @property
    def noise(self) -> float:
        """The total share of chance: `left`, and what chance adds to each of the other shares."""
        return self.left + sum(share.raw - share.without_noise for share in (*self.axes, *self.pairs, self.rest))


def shares(grid: np.ndarray) -> Shares | None:
    """The shares of a grid (alternatives of the first axis, …, of the last, repeats) without missing cells.

    None if all values are equal.
    """
    # Compare the values themselves: their mean may differ from them by rounding.
    if grid.min() == grid.max():
        return None
    grid, _ = scaled(grid - grid.mean())
    total = float(np.mean(grid**2))
    grid = grid / np.sqrt(total)
    count = grid.ndim - 1
    by_repeat = grid.mean(axis=tuple(range(count)))
    main = [margin(grid, (axis,)) - by_repeat for axis in range(count)]
    pairs = [
        share_of(pair_effect(grid, main, by_repeat, pair), pair) for pair in itertools.combinations(range(count), 2)
    ]
    axes = [share_of(effect, (axis,)) for axis, effect in enumerate(main)]
    whole = share_of(grid - by_repeat, tuple(range(count)))
    repeat = float(np.mean(by_repeat**2))
    return Shares(axes, pairs, rest_of(whole, [*axes, *pairs]), repeat, max(1 - whole.raw - repeat, 0.0), main)


def pair_effect(grid: np.ndarray, main: list[np.ndarray], by_repeat: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """The interaction of two axes beyond their main effects, (alternatives, alternatives, repeats)."""
    one, other = pair
    return margin(grid, pair) - main[one][:, None] - main[other][None, :] - by_repeat


def margin(grid: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """The means over all axes except `kept` and the repeats."""
    return grid.mean(axis=tuple(axis for axis in range(grid.ndim - 1) if axis not in kept))


def share_of(effect: np.ndarray, axes: tuple[int, ...]) -> Share:
    """The share of an effect (…, repeats) in a total variance of 1.

    By chance alone, the expected square of a mean over repeats is the variance between repeats divided by their number.
    So the noise of an effect is estimated from its own variation between repeats.
    """
    repeats = effect.shape[-1]
    raw = float(np.mean(effect.mean(axis=-1) ** 2))
    noise = float(np.mean(effect.var(axis=-1, ddof=1))) / repeats if repeats > 1 else np.nan
    return Share(axes, raw, noise)


def rest_of(whole: Share, parts: list[Share]) -> Share:
    """The whole minus the parts; clipped at 0 because of rounding."""
    raw, noise = sum(part.raw for part in parts), sum(part.noise for part in parts)
    return Share(whole.axes, max(whole.raw - raw, 0.0), max(whole.noise - noise, 0.0))


def nested_shares(effect: np.ndarray, kind: np.ndarray) -> tuple[Share, dict[int, Share]]:
    """The share of an axis, split into the share between kinds of alternatives and the share within each kind.

    `effect` is (alternatives, repeats), `kind` the index of each alternative's kind. Only kinds with several
    alternatives have a share of their own. The shares add up to the share of the axis.
    """
    means = np.array([effect[kind == each].mean(axis=0) for each in range(kind.max() + 1)])[kind]
    inside = {}
    for each in np.flatnonzero(np.bincount(kind) > 1):
        inside[int(each)] = share_of(np.where((kind == each)[:, None], effect - means, 0.0), ())
    return share_of(means, ()), inside
