"""Compiled passes of layers with windows: copying windows into patches, adding patches to the values, and pooling.

They are bound to views whose last axis is contiguous in memory, and compute the same bits as NumPy.
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
    """outputs ← the largest of `place_0`, `place_1`, …; NaN if any of them is NaN, and never −0."""

    def formula(outputs: Expression, **places: Expression) -> dict[str, Expression]:
        found = places["place_0"]
        for number in range(1, count):
            found = maximum(found, places[f"place_{number}"])
        return {"outputs": found + 0.0}

    return formula


def maximum(one: Expression, other: Expression) -> Expression:
    """The larger number, or NaN if either is NaN: the same as `np.maximum`, except for the sign of 0."""
    # Used if `other` is larger or if either is NaN. With NaN, all comparisons are false, and the sum is NaN.
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
            # Adding 0 turns −0 into 0, as in NumPy, which adds the values to an array of zeros.
            results[f"before_{number}"] = delta * share + 0.0
        return results

    return formula
