"""NSGA-II (Deb et al., 2002): children of the configurations that no other beats in both E_v and size."""

import numpy as np
from fitgap.runner.search.history import Cube, History

# Until there are this many results, points are uniform. Later points descend from this many parents.
POPULATION = 20
# The probability that a child mixes the coordinates of both parents; otherwise it copies one. Then it mutates.
CROSSOVER = 0.9


class NonDominatedSorting:
    """Two objectives: the error and the number of parameters."""

    def propose(self, cube: Cube, history: History, count: int, random: np.random.Generator) -> np.ndarray:
        """`count` children of the best of all configurations so far."""
        if len(history) < POPULATION or not cube.dimensions:
            return random.random((count, cube.dimensions))
        ranks, distances = ranking(np.stack([history.errors, history.sizes], axis=1))
        # The best first: by front, and within a front by decreasing crowding distance.
        order = np.lexsort((-distances, ranks))[:POPULATION]
        parents = history.points[order]
        # In a tournament of two, the one that comes first in this order wins.
        first, second = (random.integers(0, len(parents), (2, count)).min(axis=0) for _ in range(2))
        swapped = (random.random((count, cube.dimensions)) < 0.5) & (random.random((count, 1)) < CROSSOVER)
        children = np.where(swapped, parents[second], parents[first])
        mutates = random.random(children.shape) < 1 / cube.dimensions
        return np.where(mutates, random.random(children.shape), children)


def ranking(objectives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The front, from 0, and the crowding distance of each row of objectives (n, k). Lower objectives are better."""
    ranks = fronts(objectives)
    distances = np.zeros(len(objectives))
    for front in range(int(ranks.max(initial=-1)) + 1):
        members = np.flatnonzero(ranks == front)
        distances[members] = crowding(objectives[members])
    return ranks, distances


def fronts(objectives: np.ndarray) -> np.ndarray:
    """The front of each row: 0 if no other row dominates it, 1 if only rows of front 0 do, and so on.

    A row dominates another one if it is as good in all objectives and better in at least one.
    """
    no_worse = (objectives[:, None] <= objectives).all(axis=2)
    dominates = no_worse & (objectives[:, None] < objectives).any(axis=2)
    ranks = np.full(len(objectives), -1)
    front = 0
    while (ranks < 0).any():
        left = ranks < 0
        ranks[left & ~(dominates & left[:, None]).any(axis=0)] = front
        front += 1
    return ranks


def crowding(objectives: np.ndarray) -> np.ndarray:
    """The distance between the neighbors of each row in its front, summed over objectives; infinite at the ends."""
    distances = np.zeros(len(objectives))
    for column in objectives.T:
        order = np.argsort(column, kind="stable")
        distances[order[[0, -1]]] = np.inf
        extent = column[order[-1]] - column[order[0]]
        if extent > 0:
            distances[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / extent
    return distances
