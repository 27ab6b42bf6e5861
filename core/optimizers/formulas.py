"""Formulas of the optimizers: the steps of `fitgap.core.optimizers` as compiled passes, operation by operation."""

from functools import cache

from fitgap.core.kernels.expressions import Expression, square_root
from fitgap.core.kernels.fused_pass import Formula


@cache
def with_weight_decay(formula: Formula) -> Formula:
    """The formula, applied after multiplying the weights by `kept`."""

    def decayed(parameters: Expression, kept: Expression, **others: Expression) -> dict[str, Expression]:
        return formula(parameters=parameters * kept, **others)

    return decayed


def descent(parameters: Expression, gradient: Expression, rate: Expression) -> dict[str, Expression]:
    return {"parameters": parameters - gradient * rate}


def descent_by_velocity(
    parameters: Expression, gradient: Expression, slot_1: Expression, beta: Expression, length: Expression
) -> dict[str, Expression]:
    velocity = slot_1 * beta + gradient
    return {"parameters": parameters - velocity * length, "slot_1": velocity}


def descent_one_step_ahead(
    parameters: Expression, gradient: Expression, slot_1: Expression, beta: Expression, length: Expression
) -> dict[str, Expression]:
    velocity = slot_1 * beta + gradient
    return {"parameters": parameters - (velocity * beta + gradient) * length, "slot_1": velocity}


def descent_by_squares(
    parameters: Expression,
    gradient: Expression,
    slot_1: Expression,
    beta: Expression,
    inside: Expression,
    length: Expression,
) -> dict[str, Expression]:
    squares = slot_1 * beta + gradient * gradient
    change = gradient / square_root(squares + inside) * length
    return {"parameters": parameters - change, "slot_1": squares}


def descent_by_moments(
    parameters: Expression,
    gradient: Expression,
    slot_1: Expression,
    slot_2: Expression,
    beta_1: Expression,
    beta_2: Expression,
    length: Expression,
    outside: Expression,
) -> dict[str, Expression]:
    mean, squares = slot_1 * beta_1 + gradient, slot_2 * beta_2 + gradient * gradient
    change = mean / (square_root(squares) + outside) * length
    return {"parameters": parameters - change, "slot_1": mean, "slot_2": squares}


def descent_by_moments_of_notes(
    parameters: Expression,
    gradient: Expression,
    slot_1: Expression,
    slot_2: Expression,
    beta_1: Expression,
    beta_2: Expression,
    length: Expression,
    inside: Expression,
) -> dict[str, Expression]:
    mean, squares = slot_1 * beta_1 + gradient, slot_2 * beta_2 + gradient * gradient
    change = mean / square_root(squares + inside) * length
    return {"parameters": parameters - change, "slot_1": mean, "slot_2": squares}
