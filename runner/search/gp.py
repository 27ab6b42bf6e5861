"""A Gaussian process with expected improvement (Jones et al., 1998; Snoek et al., 2012).

The kernel is a Matérn 5/2 with one length for each dimension. Lengths and noise are chosen from a fixed grid by hill
climbing on the likelihood, and points from fixed candidates, so that rounding errors hardly ever change a choice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from fitgap.runner.search.history import Cube, History
from fitgap.runner.search.normal import cdf

# Before this many results, points are uniform.
STARTUP = 10
# The process is fitted to the best of the results and to the last ones, at most this many each.
MOST_BEST, MOST_LAST = 100, 100
# Lengths in shares of a range; different options have the distance 1.
LENGTHS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
# The variance of the noise, in shares of that of the function.
NOISES = (1e-4, 1e-3, 1e-2, 1e-1)
# A weak log-normal prior for a length: its median, and the standard deviation of its logarithm.
USUAL_LENGTH, SPREAD = 0.8, 0.7
# Passes over the dimensions; in each pass, every length may be halved or doubled once.
PASSES = 4
# Candidates are drawn uniformly, and near the best points with these standard deviations.
UNIFORM, NEAR, CENTRES, STEPS = 1024, 1024, 8, (0.2, 0.05, 0.0125)
# After this many points of a generation, the others are chosen at once, without updating the process.
MOST_BELIEVED = 64
# Likelihoods and improvements are compared after rounding to this many decimals.
DECIMALS = 6
# Errors are clipped at the median plus this many times the distance from the lower quartile to the median. For a
# symmetric distribution, this is Tukey's fence.
FENCE = 4.0


class GaussianProcess:
    """Points where the process expects the most improvement, one after another, each as if the earlier ones had given
    the expected results (Ginsbourger et al., 2010: the kriging believer).
    """

    def propose(self, cube: Cube, history: History, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` points from candidates all over the cube and near the best points."""
        if len(history) < STARTUP or not cube.dimensions:
            return random.random((count, cube.dimensions))
        chosen = chosen_results(history.errors)
        points = embedded(cube, history.points[chosen], history.active[chosen])
        scores = scores_of(history.errors[chosen])
        best = history.points[chosen][np.argsort(history.errors[chosen], kind="stable")[:CENTRES]]
        candidates = candidates_around(cube, best, max(count, 1), random)
        process = fitted(cube, points, scores)
        picked = Believer(process, embedded(cube, candidates, cube.active(candidates))).picked(count)
        return candidates[picked]


@dataclass(frozen=True)
class Process:
    """A process fitted to results: `points` (n, d) with their `scores` (n,); `lengths` (d,) and `noise` of its kernel.

    `factor` is the Cholesky factor of the covariance of the results, in units of `variance`.
    """

    cube: Cube
    points: np.ndarray
    scores: np.ndarray
    lengths: np.ndarray
    noise: float
    factor: np.ndarray
    variance: float

    def covariance(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The covariance of the function at points (n, d) and (m, d), in units of `variance`: (n, m)."""
        squares = sum(
            square / length**2 for square, length in zip(squares_of(self.cube, one, other), self.lengths, strict=True)
        )
        return matern(squares)

    def log_likelihood(self) -> float:
        """The log likelihood at the best variance, plus the log prior of the lengths, up to a constant."""
        fit = -0.5 * len(self.scores) * np.log(self.variance) - np.log(np.diag(self.factor)).sum()
        prior = -0.5 * ((np.log(self.lengths / USUAL_LENGTH) / SPREAD) ** 2).sum()
        return round(float(fit + prior), DECIMALS)


def fitted(cube: Cube, points: np.ndarray, scores: np.ndarray) -> Process:
    """The process whose lengths and noise have the highest likelihood that hill climbing on the grid finds."""
    squares = np.array(list(squares_of(cube, points, points)))

    def process(lengths: np.ndarray, noise: float) -> Process:
        kernel = matern(np.tensordot(1 / lengths**2, squares, axes=1)) + noise * np.eye(len(points))
        factor = np.linalg.cholesky(kernel)
        variance = max(float((np.linalg.solve(factor, scores) ** 2).mean()), 1e-12)
        return Process(cube, points, scores, lengths, noise, factor, variance)

    # `max` keeps the first of equals, so that the length of an uninformative dimension does not change.
    best = max((process(np.full(cube.dimensions, each), NOISES[2]) for each in LENGTHS), key=Process.log_likelihood)
    for _ in range(PASSES):
        before = best
        noises = (each for each in NOISES if each != best.noise)
        best = max((best, *(process(best.lengths, each) for each in noises)), key=Process.log_likelihood)
        for place in range(cube.dimensions):
            others = (with_length(best.lengths, place, each * best.lengths[place]) for each in (0.5, 2.0))
            known = (each for each in others if LENGTHS[0] <= each[place] <= LENGTHS[-1])
            best = max((best, *(process(each, best.noise) for each in known)), key=Process.log_likelihood)
        if best.log_likelihood() == before.log_likelihood():
            break
    return best


def with_length(lengths: np.ndarray, place: int, length: float) -> np.ndarray:
    """A copy of the lengths with another length in one dimension."""
    changed = lengths.copy()
    changed[place] = length
    return changed


@dataclass
class Believer:
    """Expected improvements at candidates (m, d), updated with every point that is picked.

    Improvement is relative to the lowest expected score of all results, because the lowest measured one may be luck.
    """

    process: Process
    candidates: np.ndarray

    def picked(self, count: int) -> list[int]:
        """The indices of `count` different candidates, the most promising first."""
        process, found = self.process, list[int]()
        # `rows` is L⁻¹ k, to which each believed point adds a row; `weights` is L⁻¹ y.
        rows = np.linalg.solve(process.factor, process.covariance(process.points, self.candidates))
        weights = np.linalg.solve(process.factor, process.scores)
        mean, left = weights @ rows, 1.0 - (rows**2).sum(axis=0)
        lowest = float((process.scores - process.noise * np.linalg.solve(process.factor.T, weights)).min())
        for _ in range(min(count, MOST_BELIEVED)):
            place = best_of(improvement(mean, np.sqrt(process.variance * np.maximum(left, 0)), lowest), found)
            found.append(place)
            rows, left = self.with_belief(rows, left, place)
            lowest = min(lowest, float(mean[place]))
        gains = improvement(mean, np.sqrt(process.variance * np.maximum(left, 0)), lowest)
        gains[found] = -np.inf
        return [*found, *np.argsort(-gains, kind="stable")[: count - len(found)].tolist()]

    def with_belief(self, rows: np.ndarray, left: np.ndarray, place: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the remaining variances after a point has given the expected result, which changes no mean."""
        here = self.candidates[place : place + 1]
        known = self.process.covariance(here, self.candidates)[0] - rows[:, place] @ rows
        new = known / np.sqrt(max(left[place], 0.0) + self.process.noise)
        return np.vstack([rows, new]), left - new**2


def improvement(mean: np.ndarray, deviation: np.ndarray, lowest: float) -> np.ndarray:
    """The expected improvement below the lowest score at points with these means and standard deviations (m,)."""
    safe = np.maximum(deviation, 1e-9)
    z = (lowest - mean) / safe
    return np.maximum(safe * (z * cdf(z) + np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)), 0.0)


def best_of(gains: np.ndarray, taken: list[int]) -> int:
    """The index of the highest gain that is not taken; the first of those that are equal after rounding."""
    logs = np.round(np.log(gains + 1e-300), DECIMALS)
    logs[taken] = -np.inf
    return int(logs.argmax())


def matern(squares: np.ndarray) -> np.ndarray:
    """The Matérn 5/2 kernel at these squared distances, in units of its lengths."""
    r = np.sqrt(5 * squares)
    return (1 + r + r * r / 3) * np.exp(-r)


def embedded(cube: Cube, points: np.ndarray, active: np.ndarray) -> np.ndarray:
    """Points (n, d) with options as indices and numbers unchanged. Unused coordinates get a fixed value: the middle of
    a range, or the index of an extra option.
    """
    is_choice = cube.options > 0
    return np.where(active, np.where(is_choice, np.floor(points * cube.options), points), np.where(is_choice, -1, 0.5))


def squares_of(cube: Cube, one: np.ndarray, other: np.ndarray) -> Iterator[np.ndarray]:
    """For each dimension the squared distances between embedded points (n, d) and (m, d): (n, m)."""
    for place, options in enumerate(cube.options.tolist()):
        difference = one[:, place, None] - other[None, :, place]
        yield (difference != 0).astype(float) if options else difference**2


def chosen_results(errors: np.ndarray) -> np.ndarray:
    """The indices of the best results and of the last ones, in the order of the plan."""
    best = np.argsort(errors, kind="stable")[:MOST_BEST]
    return np.union1d(best, np.arange(max(0, len(errors) - MOST_LAST), len(errors)))


def scores_of(errors: np.ndarray) -> np.ndarray:
    """Errors (n,), scaled to mean 0 and standard deviation 1. High ones are clipped first (see `FENCE`), so that up to
    half of them can be arbitrarily bad without dominating.
    """
    low, middle = np.quantile(errors, [0.25, 0.5])
    cut = np.minimum(errors, middle + FENCE * (middle - low))
    spread = cut.std()
    return (cut - cut.mean()) / spread if spread > 0 else np.zeros(len(errors))


def candidates_around(cube: Cube, centres: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Uniform points, and points that differ a little from the centers in some dimensions; at least `count`."""
    uniform = random.random((max(UNIFORM, count), cube.dimensions))
    start = centres[np.arange(NEAR) % len(centres)]
    steps = np.array(STEPS)[np.arange(NEAR) // len(centres) % len(STEPS), None]
    moved = np.clip(start + steps * random.standard_normal(start.shape), 0.0, np.nextafter(1.0, 0.0))
    other = np.where(cube.options > 0, random.random(start.shape), moved)
    # At least one dimension changes: a number with probability 1/2, an option with probability 1 / dimensions.
    share = np.where(cube.options > 0, 1 / cube.dimensions, 0.5)
    changes = random.random(start.shape) < share
    changes[np.arange(NEAR), random.integers(0, cube.dimensions, NEAR)] = True
    return np.concatenate([uniform, np.where(changes, other, start)])
