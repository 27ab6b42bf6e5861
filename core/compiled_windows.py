"""Compiled passes of layers with windows: gathering them, adding them up, and pooling.

They are bound to views whose last axis is contiguous in memory, and have the bits of their counterparts in NumPy.
"""

from functools import cache

from fitgap.core.kernels.expressions import Expression, where_at_least
from fitgap.core.kernels.fused_pass import Formula


def gathered(values: Expression, patches: Expression) -> dict[str, Expression]:
    """patches ← values."""
    return {"patches": values}


def scattered(values: Expression, patches: Expression) -> dict[str, Expression]:
    """values ← values + patches."""
    return {"values": values + patches}


@cache
def largest(count: int) -> Formula:
    """outputs ← the largest of `place_0`, `place_1`, …; NaN if one is NaN, and never −0."""

    def formula(outputs: Expression, **places: Expression) -> dict[str, Expression]:
        found = places["place_0"]
        for number in range(1, count):
            found = maximum(found, places[f"place_{number}"])
        return {"outputs": found + 0.0}

    return formula


def maximum(one: Expression, other: Expression) -> Expression:
    """The larger one; NaN if one of them is NaN: what `np.maximum` gives, but for the sign of 0."""
    # The inner choice is reached by a larger number, which is equal to itself, and if one of them is NaN.
    other_or_nan = where_at_least(other, one, other, one + other)
    return where_at_least(one, other, one, other_or_nan)


@cache
def largest_backward(count: int) -> Formula:
    """before_i ← delta where place_i is the first of the largest values, else 0."""

    def formula(outputs: Expression, delta: Expression, **arrays: Expression) -> dict[str, Expression]:
        results = {}
        for number in range(count):
            share: Expression = where_at_least(arrays[f"place_{number}"], outputs, 1.0, 0.0)
            for earlier in reversed(range(number)):
                share = where_at_least(arrays[f"place_{earlier}"], outputs, 0.0, share)
            # The sum turns −0 into 0, as in NumPy, which adds to zeros.
            results[f"before_{number}"] = delta * share + 0.0
        return results

    return formula
