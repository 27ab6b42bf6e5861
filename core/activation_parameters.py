"""The activation functions of a pack: which units of which members use them, and their β and γ in the buffer.

The parameter buffer holds β and γ of every function, learned or not. The gradient of those that are not learned stays
0, so no optimizer changes them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation, lowest_learned
from fitgap.core.members import LayerFunctions, Member
from fitgap.core.network_shape import NetworkShape
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS, Layout


@dataclass(frozen=True)
class FunctionGroup:
    """Adjacent members (`rows`) that use the same kind of function for the units `units` of a layer.

    `columns` maps each parameter to its column of the buffer, `learned` names the learned parameters.
    """

    rows: slice
    units: slice
    function: Activation
    columns: dict[str, int]
    learned: tuple[str, ...]

    def numbers(self, parameters: np.ndarray) -> dict[str, np.ndarray]:
        """β and γ of the members as views (k, 1, 1) into the buffer."""
        return {name: parameters[self.rows, column, None, None] for name, column in self.columns.items()}


def function_counts(members: Sequence[Member]) -> tuple[int, ...]:
    """For every layer, the largest number of functions that any member uses; 0 for a layer without units."""
    layers = zip(*(member.activations for member in members), strict=True)
    return tuple(max(map(len, functions)) for functions in layers)


def layer_groups(members: Sequence[Member], layer: int, layout: Layout) -> list[FunctionGroup]:
    """The function groups of layer 1 … L."""
    groups, start = [], 0
    for _, alike in itertools.groupby(members, key=lambda member: layer_kind(member.activations[layer - 1])):
        functions = [member.activations[layer - 1] for member in alike]
        rows = slice(start, start + len(functions))
        groups += [
            function_group(rows, units, function, layer, position, layout)
            for position, (function, units) in enumerate(
                zip(functions[0], unit_slices(functions[0], layout.network.channels[layer]), strict=True)
            )
        ]
        start = rows.stop
    return groups


def layer_kind(functions: LayerFunctions) -> tuple[object, ...]:
    """The kinds and shares of a layer's functions; members in which both are equal can be computed together."""
    return tuple((function.kind(), function.share) for function in functions)


def function_group(
    rows: slice, units: slice, function: Activation, layer: int, position: int, layout: Layout
) -> FunctionGroup:
    names = [name for name in FUNCTION_PARAMETERS if name in function.parameters()]
    columns = {name: layout.function_parameter(layer, position, name) for name in names}
    return FunctionGroup(rows, units, function, columns, function.learned)


def unit_slices(functions: LayerFunctions, unit_count: int) -> list[slice]:
    """The units of each function, in proportion to the functions' shares."""
    ends = np.cumsum([function.share for function in functions])
    borders = [0, *(round(unit_count * end / ends[-1]) for end in ends)]
    return [slice(start, stop) for start, stop in itertools.pairwise(borders)]


def set_initial(parameters: np.ndarray, members: Sequence[Member], layout: Layout) -> None:
    """Write the initial β and γ of every member into the buffer."""
    for row, member in enumerate(members):
        for layer, functions in enumerate(member.activations, start=1):
            for position, function in enumerate(functions):
                for name in FUNCTION_PARAMETERS:
                    if name in function.parameters():
                        column = layout.function_parameter(layer, position, name)
                        parameters[row, column] = getattr(function, name)


def clip_to_domains(parameters: np.ndarray, groups: Sequence[FunctionGroup]) -> None:
    """Clip learned parameters to their domains."""
    for group in groups:
        for name in group.learned:
            lowest = lowest_learned(group.function.parameters()[name].metadata["domain"])
            if lowest is not None:
                values = parameters[group.rows, group.columns[name]]
                np.maximum(values, lowest, out=values)


def learned_values(row: np.ndarray, member: Member, layout: Layout) -> dict[str, float]:
    """The learned parameters of one member, from its row (P,) of the buffer.

    Names have the form `layer_1.0.beta`, here for the first function of the first layer.
    """
    return {
        f"layer_{layer}.{position}.{name}": float(row[layout.function_parameter(layer, position, name)])
        for layer, functions in enumerate(member.activations, start=1)
        for position, function in enumerate(functions)
        for name in function.learned
    }


def own_layout(shape: NetworkShape, member: Member) -> Layout:
    """The layout of a pack that has only this member."""
    return Layout(shape, function_counts([member]))


def own_row(row: np.ndarray, member: Member, layout: Layout) -> np.ndarray:
    """A member's row (P,) in its saved form: in its own layout, without the columns that only other members use."""
    columns = columns_of(member, layout)
    saved = np.zeros(own_layout(layout.network, member).row_length, row.dtype)
    saved[: len(columns)] = row[columns]
    return saved


def put_own_row(saved: np.ndarray, row: np.ndarray, member: Member, layout: Layout) -> None:
    """Restore a member's row from its saved form; the inverse of `own_row`, in any pack."""
    columns = columns_of(member, layout)
    row[columns] = saved[: len(columns)]


def columns_of(member: Member, layout: Layout) -> np.ndarray:
    """The columns of a member's parameters, in saved order."""
    functions = [
        layout.function_parameter(layer, position, name)
        for layer, functions in enumerate(member.activations, start=1)
        for position in range(len(functions))
        for name in FUNCTION_PARAMETERS
    ]
    return np.concatenate([layout.columns_as_saved(), np.array(functions, int)])
