"""TPE, the tree-structured Parzen estimator (Bergstra et al., 2011), for several dimensions at once (Watanabe, 2023).

Two densities are estimated, of the best points and of the others, and points are proposed where their ratio is high.
Both densities are fitted once for a whole generation.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from fitgap.runner.search.history import Cube, History
from fitgap.runner.search.normal import inverse_cdf, log_cdf_difference

# Until there are this many results, rounded to a multiple of the first generation's size, points are uniform.
STARTUP = 10
# This share of the results counts as the best, at most this many.
BEST_SHARE, MOST_BEST = 0.1, 25
# Of this many candidates from the density of the best points, the one with the highest ratio is proposed.
CANDIDATES = 24
# This many latest results have full weight; older ones weigh less.
FULL_WEIGHT = 25
# The width of a kernel, in shares of the range, for a single point.
WIDTH = 0.1
NARROWEST = 0.01
# The weight of the prior, a uniform density, as a number of results.
PRIOR = 1.0
LARGEST_BLOCK = 4_000_000


class TreeParzenEstimator:
    """Points where good results are dense and bad ones are not."""

    def propose(self, cube: Cube, history: History, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` points; each is the best of `CANDIDATES` candidates."""
        first = history.generations.first
        if len(history) < max(1, round(STARTUP / first)) * first:
            return random.random((count, cube.dimensions))
        best_count = min(MOST_BEST, int(np.ceil(BEST_SHARE * len(history))))
        # Equal errors keep the order of the plan.
        is_best = np.zeros(len(history), bool)
        is_best[np.argsort(history.errors, kind="stable")[:best_count]] = True
        good, bad = fitted(cube, history, is_best, narrowing_widths), fitted(cube, history, ~is_best, even_widths)
        candidates = good.sample(count * CANDIDATES, random)
        ratios = good.log_density(candidates) - bad.log_density(candidates)
        best = ratios.reshape(count, CANDIDATES).argmax(axis=1) + np.arange(count) * CANDIDATES
        return candidates[best]


@dataclass(frozen=True)
class Density:
    """A mixture of one kernel per point and a uniform prior; kernels are uniform in dimensions inactive at their point.

    `means` (k, d) are the points, `widths` (k, d) the standard deviations of the truncated normal kernels in numeric
    dimensions; `weights` (k + 1,) end with that of the prior and add up to 1.
    """

    cube: Cube
    means: np.ndarray
    active: np.ndarray
    widths: np.ndarray
    weights: np.ndarray

    def sample(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Points drawn from the mixture, shape (count, d)."""
        kernels = np.searchsorted(np.cumsum(self.weights), random.random(count), side="right")
        uniform = random.random((count, self.cube.dimensions))
        points = uniform.copy()
        is_kernel = kernels < len(self.means)
        chosen = np.minimum(kernels, len(self.means) - 1)
        follows = self.active[chosen] & is_kernel[:, None]
        numbers = follows & (self.cube.options == 0)
        normal = inverse_cdf(uniform, self.means[chosen], self.widths[chosen])
        points[numbers] = normal[numbers]
        stays = follows & (self.cube.options > 0) & (random.random(points.shape) < self.share_of_same())
        points[stays] = self.means[chosen][stays]
        return np.clip(points, 0.0, np.nextafter(1.0, 0.0))

    def share_of_same(self) -> np.ndarray:
        """The probability that a kernel keeps its option instead of drawing one at random, for each dimension.

        Every option has the weight of the prior, as in Optuna, so that the first few good results do not exclude other
        options.
        """
        return 1 / (1 + PRIOR * np.maximum(self.cube.options, 1) / len(self.means))

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """The logarithm of the density at each point (n,)."""
        parts = max(1, LARGEST_BLOCK // max(1, self.means.size))
        return np.concatenate([self._log_density(points[at : at + parts]) for at in range(0, len(points), parts)])

    def _log_density(self, points: np.ndarray) -> np.ndarray:
        logs = np.zeros((len(points), len(self.means) + 1))
        for place, options in enumerate(self.cube.options.tolist()):
            column, active = points[:, place, None], self.active[:, place]
            if options:
                kernel = self._log_options(column, place, options)
            else:
                kernel = log_normal(column, self.means[:, place], self.widths[:, place])
            # Relative to the uniform density: that of the prior, and of kernels in which this dimension is inactive.
            logs[:, :-1] += np.where(active, kernel, 0.0)
        shifted = logs + np.log(self.weights)
        highest = shifted.max(axis=1)
        return highest + np.log(np.exp(shifted - highest[:, None]).sum(axis=1))

    def _log_options(self, column: np.ndarray, place: int, options: int) -> np.ndarray:
        same = self.share_of_same()[place]
        is_same = (column * options).astype(int) == (self.means[:, place] * options).astype(int)
        return np.where(is_same, np.log(same * options + 1 - same), np.log(1 - same))


def log_normal(column: np.ndarray, means: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The logarithm of a normal density truncated to the range from 0 to 1."""
    z = (column - means) / widths
    return -0.5 * z * z - np.log(widths * np.sqrt(2 * np.pi)) - log_cdf_difference(means, widths)


Widths = Callable[[np.ndarray, np.ndarray], np.ndarray]


def fitted(cube: Cube, history: History, chosen: np.ndarray, widths: Widths) -> Density:
    """The density of the chosen points; `widths` computes kernel widths from points (k, d) and their active mask."""
    points, active = history.points[chosen], history.active[chosen]
    weights = recency(len(points))
    shares = np.append(weights, PRIOR) / (weights.sum() + PRIOR)
    return Density(cube, points, active, widths(points, active), shares)


def even_widths(points: np.ndarray, active: np.ndarray) -> np.ndarray:
    """The same width for all kernels, by Scott's rule."""
    width = WIDTH * len(points) ** (-1 / (active.sum(axis=1).mean() + 4))
    return np.full(points.shape, max(width, NARROWEST))


def narrowing_widths(points: np.ndarray, active: np.ndarray) -> np.ndarray:
    """In each dimension, the distance of a kernel to the farther of its neighbors, but at most the even width.

    So kernels are narrow where points are close together, as in Optuna, but never so narrow that the search would get
    stuck.
    """
    widths, narrowest = even_widths(points, active), 1 / (len(points) + 2)
    for column, values, is_active in zip(widths.T, points.T, active.T, strict=True):
        if is_active.sum() > 1:
            distances = np.maximum(farther_gaps(values[is_active]), narrowest)
            column[is_active] = np.minimum(distances, column[is_active])
    return widths


def farther_gaps(values: np.ndarray) -> np.ndarray:
    """The distance of each of several numbers to the farther of its two neighbors; those at the ends have one."""
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])
    farther = np.empty_like(values)
    farther[order] = np.maximum(np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:]))
    return farther


def recency(count: int) -> np.ndarray:
    """The weights of results in the order of the plan: 1 for the last ones, less for older ones."""
    if count <= FULL_WEIGHT:
        return np.ones(count)
    return np.concatenate([np.linspace(1 / count, 1, count - FULL_WEIGHT), np.ones(FULL_WEIGHT)])
