"""CMA-ES: a normal distribution that moves toward the best points of each generation and learns its shape from them.

The equations and constants are those of Hansen, The CMA Evolution Strategy: A Tutorial (2016). Options are treated
as numbers: the range is divided into one part per option.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from fitgap.runner.search.history import Cube, History

FIRST_STEP = 0.3
# A point outside the cube is redrawn up to this many times, then moved to the border.
REDRAWN = 20
SMALLEST_STEP, LARGEST_STEP = 1e-8, 1.0


class CovarianceMatrixAdaptation:
    """The distribution is recomputed from all earlier generations, with one update per generation.

    One or two points are too few for an update, so small generations are merged until they have about as many points
    as the tutorial recommends.
    """

    def propose(self, cube: Cube, history: History, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` points from the distribution after all complete generations."""
        distribution = Distribution(cube.dimensions)
        for part in updates(cube.dimensions, history):
            distribution.update(history.points[part], history.errors[part])
        return distribution.sample(count, random)


@dataclass
class Distribution:
    """A normal distribution in a unit cube of `d` dimensions, with the paths by which its size and shape change."""

    d: int
    mean: np.ndarray = field(init=False)
    covariance: np.ndarray = field(init=False)
    step: float = FIRST_STEP
    updates: int = 0

    def __post_init__(self) -> None:
        self.mean, self.covariance = np.full(self.d, 0.5), np.eye(self.d)
        self.step_path, self.shape_path = np.zeros(self.d), np.zeros(self.d)

    def sample(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Points inside the cube, shape (count, d)."""
        axes = self._axes()
        points = self.mean + self.step * random.standard_normal((count, self.d)) @ axes.T
        for _ in range(REDRAWN):
            is_outside = ((points < 0) | (points >= 1)).any(axis=1)
            again = self.mean + self.step * random.standard_normal((count, self.d)) @ axes.T
            points = np.where(is_outside[:, None], again, points)
        return np.clip(points, 0.0, np.nextafter(1.0, 0.0))

    def update(self, points: np.ndarray, errors: np.ndarray) -> None:
        """Learn from a generation: its points (n, d) and their errors (n,). A single point changes nothing."""
        weights = recombination_weights(len(points))
        if not len(weights) or not self.d:
            return
        effective = 1 / float((weights**2).sum())
        steps = (points[np.argsort(errors, kind="stable")] - self.mean) / self.step
        move = weights @ steps[: len(weights)]
        self.mean = self.mean + self.step * move
        self.updates += 1
        is_moderate = self._update_step(move, effective)
        self._update_shape(move, steps, weights, is_moderate)

    def _update_step(self, move: np.ndarray, effective: float) -> bool:
        """Lengthen the step if moves agree, shorten it if they cancel; return whether they agree only moderately."""
        d = self.d
        rate = (effective + 2) / (d + effective + 5)
        damping = 1 + 2 * max(0.0, math.sqrt((effective - 1) / (d + 1)) - 1) + rate
        values, vectors = self._spectrum()
        whitened = vectors @ ((vectors.T @ move) / np.sqrt(values))
        self.step_path = (1 - rate) * self.step_path + math.sqrt(rate * (2 - rate) * effective) * whitened
        # Relative to the expected length of a random path.
        length = math.sqrt((self.step_path**2).sum()) / (math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d**2)))
        step = self.step * math.exp(min(1.0, rate / damping * (length - 1)))
        self.step = min(max(step, SMALLEST_STEP), LARGEST_STEP)
        return length / math.sqrt(1 - (1 - rate) ** (2 * self.updates)) < 1.4 + 2 / (d + 1)

    def _update_shape(self, move: np.ndarray, steps: np.ndarray, weights: np.ndarray, is_moderate: bool) -> None:
        """Widen the distribution along the moves and along the steps to the best points; narrow it along the steps to
        the other points. `steps` are in the order of the errors.
        """
        d, effective = self.d, 1 / float((weights**2).sum())
        rate = (4 + effective / d) / (d + 4 + 2 * effective / d)
        rank_one = 2 / ((d + 1.3) ** 2 + effective)
        rank_many = min(1 - rank_one, 2 * (effective - 2 + 1 / effective) / ((d + 2) ** 2 + effective))
        pushed = math.sqrt(rate * (2 - rate) * effective) * move if is_moderate else 0.0
        self.shape_path = (1 - rate) * self.shape_path + pushed
        signed = np.append(weights, weights_of_others(len(steps), d, effective, rank_one, rank_many))
        kept = 1 - rank_one - rank_many * signed.sum() + (0.0 if is_moderate else rank_one * rate * (2 - rate))
        along = rank_one * np.outer(self.shape_path, self.shape_path)
        # Steps with negative weights are scaled to one length; otherwise the farthest bad point would dominate.
        scales = rank_many * np.where(signed < 0, signed * d / np.maximum(self._squares(steps), 1e-12), signed)
        self.covariance = kept * self.covariance + along + (steps.T * scales) @ steps

    def _squares(self, steps: np.ndarray) -> np.ndarray:
        """The squared lengths of steps (n, d), in units of the distribution: (n,)."""
        values, vectors = self._spectrum()
        return ((steps @ vectors) ** 2 / values).sum(axis=1)

    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """The variances along the axes of the distribution, and these axes."""
        values, vectors = np.linalg.eigh((self.covariance + self.covariance.T) / 2)
        return np.maximum(values, 1e-16), vectors

    def _axes(self) -> np.ndarray:
        """The matrix that turns standard normal numbers into steps."""
        if not self.d:
            return np.zeros((0, 0))
        values, vectors = self._spectrum()
        axes: np.ndarray = vectors * np.sqrt(values)
        return axes


def updates(dimensions: int, history: History) -> Iterator[slice]:
    """The points of each update of the distribution: those of one or more whole generations."""
    sizes, begin = history.generations, 0
    least = update_size(dimensions, sizes.first)
    for number in itertools.count(1):
        end = sizes.begin(number)
        if end > len(history):
            return
        if end - begin >= least:
            yield slice(begin, end)
            begin = end


def update_size(dimensions: int, generation: int) -> int:
    """The minimum number of points per update; a multiple of the size of a generation."""
    recommended = 4 + int(3 * math.log(max(dimensions, 1)))
    return max(1, round(recommended / generation)) * generation


def recombination_weights(count: int) -> np.ndarray:
    """The weights of the best half of a generation, the best one first; they add up to 1."""
    half = count // 2
    raw = math.log((count + 1) / 2) - np.log(np.arange(1, half + 1))
    return raw / raw.sum() if half else raw


def weights_of_others(count: int, d: int, effective: float, rank_one: float, rank_many: float) -> np.ndarray:
    """The weights of all points outside the best half, at most 0 and the worst point last: active CMA-ES (Jastrebski
    and Arnold, 2006). They are limited so that variances stay positive.
    """
    raw = math.log((count + 1) / 2) - np.log(np.arange(count // 2 + 1, count + 1))
    total = -raw.sum()
    if total <= 0 or rank_many <= 0:
        return np.zeros(len(raw))
    their_effective = total**2 / (raw**2).sum()
    limits = (1 + rank_one / rank_many, 1 + 2 * their_effective / (effective + 2))
    weights: np.ndarray = max(0.0, min(*limits, (1 - rank_one - rank_many) / (d * rank_many))) * raw / total
    return weights
