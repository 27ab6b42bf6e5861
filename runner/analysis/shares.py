"""Which share of the variance each axis of a full grid explains, each pair of axes, and what is left to chance.

The functional analysis of variance (Hooker, 2007; Hutter, Hoos and Leyton-Brown, 2014) on the grid itself instead of a
model of it: every combination of alternatives counts alike, so the parts are orthogonal and their squares add up.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from fitgap.runner.analysis.scaling import scaled


@dataclass(frozen=True)
class Share:
    """A part of the variance, by the numbers of its axes.

    `raw` is the part as it was measured; `noise` how much of that chance alone gives on average, NaN with one repeat.
    """

    axes: tuple[int, ...]
    raw: float
    noise: float

    @property
    def without_noise(self) -> float:
        """What is left of it when chance has got its part; may come out a little below 0 where there is nothing."""
        return self.raw if np.isnan(self.noise) else self.raw - self.noise


@dataclass(frozen=True)
class Shares:
    """All parts of the variance; their `raw`, `repeat` and `left` add up to 1.

    `rest` is what three axes and more do together. `repeat` is what a repeat does to all configurations alike, `left`
    what it does to each in its own way. `main` has the effect of each axis by itself, (alternatives, repeats).
    """

    axes: list[Share]
    pairs: list[Share]
    rest: Share
    repeat: float
    left: float
    main: list[np.ndarray]

    @property
    def noise(self) -> float:
        """What is left to chance, with what it adds to each of the other parts."""
        return self.left + sum(share.raw - share.without_noise for share in (*self.axes, *self.pairs, self.rest))


def shares(grid: np.ndarray) -> Shares | None:
    """The shares of a grid (alternatives of the first axis, …, of the last, repeats) without holes; None where all
    values are alike."""
    # Asked of the values themselves: their mean may differ from them by rounding.
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
    """What two axes do together beyond what each does by itself, (alternatives, alternatives, repeats)."""
    one, other = pair
    return margin(grid, pair) - main[one][:, None] - main[other][None, :] - by_repeat


def margin(grid: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """The means over all axes but some and the repeats."""
    return grid.mean(axis=tuple(axis for axis in range(grid.ndim - 1) if axis not in kept))


def share_of(effect: np.ndarray, axes: tuple[int, ...]) -> Share:
    """The share of an effect (…, repeats) in a variance of 1.

    Were there nothing but chance, the square of a mean over repeats would on average be a repeat's variance divided by
    their number: each effect is held against its own changes from repeat to repeat.
    """
    repeats = effect.shape[-1]
    raw = float(np.mean(effect.mean(axis=-1) ** 2))
    noise = float(np.mean(effect.var(axis=-1, ddof=1))) / repeats if repeats > 1 else np.nan
    return Share(axes, raw, noise)


def rest_of(whole: Share, parts: list[Share]) -> Share:
    """What is left of the whole when the parts are taken away; rounding must not make it negative."""
    raw, noise = sum(part.raw for part in parts), sum(part.noise for part in parts)
    return Share(whole.axes, max(whole.raw - raw, 0.0), max(whole.noise - noise, 0.0))


def nested_shares(effect: np.ndarray, kind: np.ndarray) -> tuple[Share, dict[int, Share]]:
    """An axis' own share, parted: between kinds of alternatives, and inside each kind that has several.

    `effect` is (alternatives, repeats), `kind` the number of each alternative's kind. Together they make up the share.
    """
    means = np.array([effect[kind == each].mean(axis=0) for each in range(kind.max() + 1)])[kind]
    inside = {}
    for each in np.flatnonzero(np.bincount(kind) > 1):
        inside[int(each)] = share_of(np.where((kind == each)[:, None], effect - means, 0.0), ())
    return share_of(means, ()), inside
