"""Proposals of a generation: they depend on the sweep, its seed and the results of earlier generations."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from fitgap.core.randomness import Purpose, generator
from fitgap.runner.search.cmaes import CovarianceMatrixAdaptation
from fitgap.runner.search.drawn import Accept
from fitgap.runner.search.gp import GaussianProcess
from fitgap.runner.search.history import Cube, History, Method, with_pruned_behind, with_worst
from fitgap.runner.search.nsga2 import NonDominatedSorting
from fitgap.runner.search.points import decisions
from fitgap.runner.search.tpe import TreeParzenEstimator
from fitgap.runner.spec import Configuration, Sweep
from fitgap.runner.spec.generation_sizes import GenerationSizes
from fitgap.runner.spec.lazy_values import Decide, Dimension, Options

METHODS: dict[str, Callable[[], Method]] = {
    "tpe": TreeParzenEstimator,
    "cmaes": CovarianceMatrixAdaptation,
    "nsga2": NonDominatedSorting,
    "gp": GaussianProcess,
    # For the part of a generation that advice does not fill.
    "advice": TreeParzenEstimator,
}
# Advice is at most this share of a generation, rounded up; the method proposes the rest.
ADVISED_SHARE = 0.25
# Attempts with points of the method, then with uniform points, after which a generation stays smaller.
ATTEMPTS, UNIFORM_ATTEMPTS = 20, 200

Point = list[float | None]


@dataclass(frozen=True)
class Proposal:
    """A configuration to train, and its point: coordinates in [0, 1), None for those it does not depend on."""

    configuration: Configuration
    point: Point


@dataclass(frozen=True)
class Result:
    """The result of a proposal: its error, None if there is none, and its number of parameters. If it was pruned, the
    error is that at `rung`.
    """

    point: Point
    error: float | None
    parameters: int
    rung: int | None = None


def proposals(
    sweep: Sweep,
    results: Sequence[Result],
    known: Collection[str],
    *,
    generation: int,
    count: int,
    accept: Accept | None = None,
    advised: Iterable[Sequence[float | None]] = (),
) -> list[Proposal]:
    """The configurations of generation number `generation`, from 0; fewer than `count` if there are no more.

    `results` are those of the generations on which it is based; `known` are the hashes of all earlier proposals, which
    are not repeated. Proposals at `advised` points come first. The method proposes the others and fits its model once
    per attempt to fill the generation; one attempt usually suffices.
    """
    assert sweep.search is not None
    dimensions = list(sweep.space.dimensions()) if sweep.space else []
    cube, history = cube_of(sweep, dimensions), history_of(results, len(dimensions), sweep.generation_sizes)
    method = METHODS[sweep.search.method]()
    found = first_advised(sweep, dimensions, advised, known, math.ceil(ADVISED_SHARE * count), accept)
    for attempt in range(ATTEMPTS + UNIFORM_ATTEMPTS):
        random = generator(sweep.seed, 0, Purpose.PROPOSALS, generation, attempt)
        is_uniform = attempt >= ATTEMPTS
        points = random.random((count, cube.dimensions)) if is_uniform else method.propose(cube, history, count, random)
        fresh = {each.configuration.hash: each for each in proposals_at(sweep, dimensions, points)}
        fresh = {key: each for key, each in fresh.items() if key not in known and key not in found}
        found.update(accepted(fresh, accept))
        if len(found) >= count:
            break
    return list(islice(found.values(), count))


def first_advised(
    sweep: Sweep,
    dimensions: Sequence[tuple[str, Dimension]],
    advised: Iterable[Sequence[float | None]],
    known: Collection[str],
    most: int,
    accept: Accept | None,
) -> dict[str, Proposal]:
    """The first proposals at advised points, at most `most`, that are new and that a filter accepts."""
    found: dict[str, Proposal] = {}
    for point in advised:
        if len(found) >= most:
            break
        filled = np.array([[0.5 if share is None else share for share in point]], float)
        fresh = {each.configuration.hash: each for each in proposals_at(sweep, dimensions, filled)}
        found.update(accepted({key: each for key, each in fresh.items() if key not in known}, accept))
    return found


def accepted(fresh: dict[str, Proposal], accept: Accept | None) -> dict[str, Proposal]:
    """The proposals that a filter accepts."""
    if accept is None or not fresh:
        return fresh
    answers = accept([each.configuration for each in fresh.values()])
    return {key: each for (key, each), is_accepted in zip(fresh.items(), answers, strict=True) if is_accepted}


def proposals_at(sweep: Sweep, dimensions: Sequence[tuple[str, Dimension]], points: np.ndarray) -> Iterator[Proposal]:
    """The configurations at points (n, d)."""
    for (combination, used), point in zip(combinations_at(sweep, dimensions, points), points.tolist(), strict=True):
        kept: Point = [each if name in used else None for (name, _), each in zip(dimensions, point, strict=True)]
        yield Proposal(sweep.configuration(combination), kept)


def combinations_at(
    sweep: Sweep, dimensions: Sequence[tuple[str, Dimension]], points: np.ndarray
) -> Iterator[tuple[tuple[Any, ...], set[str]]]:
    """The combinations at points (n, d), each with the names of the dimensions on which it depends."""
    assert sweep.space is not None
    columns = {name: place for place, (name, _) in enumerate(dimensions)}
    for point in points.tolist():
        used: set[str] = set()
        yield sweep.space.at(remembering(decisions(columns, point), used)), used


def remembering(decide: Decide, used: set[str]) -> Decide:
    """The same decisions, which also add the names of the dimensions they use to `used`."""

    def decide_and_remember(name: str, dimension: Dimension) -> float:
        used.add(name)
        return decide(name, dimension)

    return decide_and_remember


def cube_of(sweep: Sweep, dimensions: Sequence[tuple[str, Dimension]]) -> Cube:
    """The unit cube of the dimensions of a sweep's space."""

    def active_at(points: np.ndarray) -> np.ndarray:
        assert sweep.space is not None
        columns = {name: place for place, (name, _) in enumerate(dimensions)}
        found = np.zeros(points.shape, bool)
        for row, point in zip(found, points.tolist(), strict=True):
            row[[columns[name] for name in sweep.space.on_the_way(decisions(columns, point))]] = True
        return found

    return Cube(np.array([each.count if isinstance(each, Options) else 0 for _, each in dimensions], int), active_at)


def history_of(results: Sequence[Result], dimensions: int, generations: GenerationSizes) -> History:
    """The results as arrays. Unused coordinates are set to the middle."""
    points = np.array([each.point for each in results], float).reshape(len(results), dimensions)
    errors = np.array([np.nan if each.error is None else each.error for each in results], float)
    errors = with_pruned_behind(errors, [each.rung for each in results])
    is_active = ~np.isnan(points)
    sizes = np.array([each.parameters for each in results], float)
    return History(np.where(is_active, points, 0.5), is_active, with_worst(errors), sizes, generations)
