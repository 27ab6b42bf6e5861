"""Compiled passes of gated recurrent layers: each step except matrix products and tanh, which NumPy computes.

The formulas perform the same operations as `core/layers/gru.py` and `core/layers/lstm.py`, in the same order.
"""

from fitgap.core.kernels.expressions import Expression


def summed(sums: Expression, before: Expression, scale: Expression) -> dict[str, Expression]:
    """The argument of tanh: (W x + b + U h) · scale."""
    return {"sums": (sums + before) * scale}


def opened(value: Expression) -> Expression:
    """σ(x), from `value` = tanh(x/2)."""
    return value * 0.5 + 0.5


def closing(delta: Expression, gate: Expression) -> Expression:
    """The derivative with respect to the argument of σ, from `delta`, the one with respect to its value `gate`."""
    return delta * (1.0 - gate) * (gate + 0.0)


def gru_gates(
    reset: Expression,
    update: Expression,
    candidate: Expression,
    inner: Expression,
    before: Expression,
    inner_bias: Expression,
) -> dict[str, Expression]:
    """The gates r and z, from values of tanh; `inner`, which r multiplies; and the argument of the candidate's tanh."""
    gate, factor = opened(reset), before + inner_bias
    return {"reset": gate, "update": opened(update), "inner": factor, "candidate": candidate + gate * factor}


def gru_state(
    state: Expression, state_before: Expression, candidate: Expression, update: Expression
) -> dict[str, Expression]:
    return {"state": (state_before - candidate) * update + candidate}


def gru_backward(
    delta: Expression,
    reset: Expression,
    update: Expression,
    candidate: Expression,
    inner: Expression,
    state_before: Expression,
    **written: Expression,
) -> dict[str, Expression]:
    """All derivatives of a step: with respect to the sums, to U h, and to h directly (`carried`)."""
    carried = delta * update
    to_candidate = (delta - carried) * (1.0 - candidate * candidate)
    to_reset = closing(to_candidate * inner, reset)
    to_update = closing((state_before - candidate) * delta, update)
    return {
        "to_reset": to_reset,
        "to_update": to_update,
        "to_candidate": to_candidate,
        "recurrent_reset": to_reset,
        "recurrent_update": to_update,
        "recurrent_candidate": to_candidate * reset,
        "carried": carried,
    }


def lstm_cells(
    enter: Expression,
    keep: Expression,
    new: Expression,
    leave: Expression,
    cells: Expression,
    cells_before: Expression,
) -> dict[str, Expression]:
    """The gates i, f and o and the candidate g, from values of tanh, and the new cell state."""
    entering, keeping, value = opened(enter), opened(keep), new * 1.0 + 0.0
    memory = entering * value + keeping * cells_before
    return {"enter": entering, "keep": keeping, "new": value, "leave": opened(leave), "cells": memory}


def lstm_backward(
    delta: Expression,
    delta_cells: Expression,
    enter: Expression,
    keep: Expression,
    new: Expression,
    leave: Expression,
    bent: Expression,
    cells_before: Expression,
    **written: Expression,
) -> dict[str, Expression]:
    """All derivatives of a step: with respect to the sums, and to the previous cell state."""
    memory = delta_cells + (1.0 - bent * bent) * leave * delta
    return {
        "to_enter": closing(memory * new, enter),
        "to_keep": closing(memory * cells_before, keep),
        "to_new": memory * enter * (1.0 - new) * (new + 1.0),
        "to_leave": closing(delta * bent, leave),
        "delta_cells": memory * keep,
    }
