"""The activation functions of a pack: which members' units have which, and their β and γ in the parameter buffer.

β and γ of every function lie in the buffer, learned or not. The gradient of those that are not learned stays 0, so no
optimizer ever changes them.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.activations.activation import Activation, lowest_learned
from fitgap.core.layers import FUNCTION_PARAMETERS, Layout
from fitgap.core.members import LayerFunctions, Member


@dataclass(frozen=True)
class FunctionGroup:
    """Neighbouring members whose units `units` of a layer have one kind of function.

    `columns` says where each of its parameters lies in the buffer, `learned` which of them are learned.
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
    """For every layer the largest number of functions that share its units in any member."""
    layers = zip(*(member.activations for member in members), strict=True)
    return tuple(max(map(len, functions)) for functions in layers)


def layer_groups(members: Sequence[Member], layer: int, layout: Layout) -> list[FunctionGroup]:
    """The runs of layer 1 … L."""
    runs, start = [], 0
    for _, group in itertools.groupby(members, key=lambda member: layer_kind(member.activations[layer - 1])):
        functions = [member.activations[layer - 1] for member in group]
        rows = slice(start, start + len(functions))
        runs += [
            function_group(rows, units, function, layer, position, layout)
            for position, (function, units) in enumerate(
                zip(functions[0], unit_slices(functions[0], layout.sizes[layer]), strict=True)
            )
        ]
        start = rows.stop
    return runs


def layer_kind(functions: LayerFunctions) -> tuple[object, ...]:
    """What layers that can be computed together share: the kinds of their functions and their shares of the units."""
    return tuple((function.kind(), function.share) for function in functions)


def function_group(
    rows: slice, units: slice, function: Activation, layer: int, position: int, layout: Layout
) -> FunctionGroup:
    names = [name for name in FUNCTION_PARAMETERS if name in function.parameters()]
    columns = {name: layout.function_parameter(layer, position, name) for name in names}
    return FunctionGroup(rows, units, function, columns, function.learned)


def unit_slices(functions: LayerFunctions, unit_count: int) -> list[slice]:
    """The units of each function, in proportion to the shares."""
    ends = np.cumsum([function.share for function in functions])
    borders = [0, *(round(unit_count * end / ends[-1]) for end in ends)]
    return [slice(start, stop) for start, stop in itertools.pairwise(borders)]


def set_initial(parameters: np.ndarray, members: Sequence[Member], layout: Layout) -> None:
    """Write every member's own β and γ into the buffer."""
    for row, member in enumerate(members):
        for layer, functions in enumerate(member.activations, start=1):
            for position, function in enumerate(functions):
                for name in FUNCTION_PARAMETERS:
                    if name in function.parameters():
                        column = layout.function_parameter(layer, position, name)
                        parameters[row, column] = getattr(function, name)


def keep_inside_domains(parameters: np.ndarray, runs: Sequence[FunctionGroup]) -> None:
    """Put learned parameters that a step took out of their domain back to its border."""
    for run in runs:
        for name in run.learned:
            lowest = lowest_learned(run.function.parameters()[name].metadata["domain"])
            if lowest is not None:
                values = parameters[run.rows, run.columns[name]]
                np.maximum(values, lowest, out=values)


def learned_values(row: np.ndarray, member: Member, layout: Layout) -> dict[str, float]:
    """The learned parameters of one member from its row (P,) of the buffer.

    Their names are such as `layer_1.0.beta`, for the first function of the first layer.
    """
    return {
        f"layer_{layer}.{position}.{name}": float(row[layout.function_parameter(layer, position, name)])
        for layer, functions in enumerate(member.activations, start=1)
        for position, function in enumerate(functions)
        for name in function.learned
    }


def own_layout(sizes: tuple[int, ...], member: Member) -> Layout:
    """The layout of a pack of this member alone."""
    return Layout(sizes, function_counts([member]))


def own_row(row: np.ndarray, member: Member, layout: Layout) -> np.ndarray:
    """A member's row (P,) as it is saved, with no gaps where others in the pack have more functions in a layer."""
    columns = columns_of(member, layout)
    alone = np.zeros(own_layout(layout.sizes, member).row_length, row.dtype)
    alone[: len(columns)] = row[columns]
    return alone


def put_own_row(alone: np.ndarray, row: np.ndarray, member: Member, layout: Layout) -> None:
    """Write into a member's row what `own_row` took from one, be it of another pack."""
    columns = columns_of(member, layout)
    row[columns] = alone[: len(columns)]


def columns_of(member: Member, layout: Layout) -> np.ndarray:
    """The columns of a member's parameters, in the order in which they are saved."""
    functions = [
        layout.function_parameter(layer, position, name)
        for layer, functions in enumerate(member.activations, start=1)
        for position in range(len(functions))
        for name in FUNCTION_PARAMETERS
    ]
    return np.concatenate([layout.columns_as_saved(), np.array(functions, int)])
