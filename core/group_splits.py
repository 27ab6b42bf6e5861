"""Splits that keep groups of examples together, such as those of one subject."""

import numpy as np
from fitgap.core.randomness import Purpose, generator


def drawn_groups(counts: np.ndarray, wanted: np.ndarray, *, seed: int, repeat: int) -> np.ndarray:
    """Which groups (G,) validate, so that their number of examples in each class comes close to `wanted` (C,).

    `counts` (G, C) holds the number of examples of every group in every class. Groups are considered in a shuffled
    order, and taken if that brings the counts closer to `wanted`. At least one group is on each side.
    """
    taken, chosen = np.zeros(counts.shape[1]), np.zeros(len(counts), bool)
    order = generator(seed, repeat, Purpose.SPLIT).permutation(len(counts))
    for group in order[: len(counts)]:
        if distance(taken + counts[group], wanted) < distance(taken, wanted) and chosen.sum() < len(counts) - 1:
            taken, chosen[group] = taken + counts[group], True
    if not chosen.any():
        chosen[order[np.argmin([distance(counts[group], wanted) for group in order])]] = True
    return chosen


def distance(taken: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(taken - wanted).sum())


def group_folds(counts: np.ndarray, folds: int, *, seed: int, permutation: int) -> np.ndarray:
    """The fold (G,) of every group. Each joins the fold with the fewest examples of its classes, large groups first.

    Groups of equal size are dealt in shuffled order.
    """
    order = generator(seed, permutation, Purpose.SPLIT).permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    loads, fold_of = np.zeros((folds, counts.shape[1])), np.zeros(len(counts), int)
    for group in order:
        # Ties go to the fold with fewer examples.
        fold = np.lexsort((loads.sum(axis=1), loads @ counts[group]))[0]
        loads[fold] += counts[group]
        fold_of[group] = fold
    return fold_of
