"""Compiled passes bound to the arrays that they work on."""

from collections.abc import Mapping, Sequence

import numpy as np
from fitgap.core.kernels.fused_pass import Formula
from fitgap.core.kernels.selection import MachineCode, kernels


class BoundPass:
    """A pass on fixed arrays; calling it computes the pass on their current contents."""

    def __init__(self, function: MachineCode, operands: Sequence[np.ndarray]):
        self.function = function
        entries = [*operands[0].shape, *(entry for array in operands for entry in table_entries(array))]
        # The function reads the table and the arrays at every call.
        self.table, self.operands = np.array(entries, np.int64), operands
        self.address = self.table.ctypes.data

    def __call__(self) -> None:
        self.function(self.address)


def bind(formula: Formula, arrays: Mapping[str, np.ndarray], written: str) -> BoundPass | None:
    """The pass on these arrays; None if it cannot be compiled, or compiling it does not pay yet.

    `arrays` maps operands to arrays that broadcast to the shape of the written ones, (K, P) or (K, B, n). Either of the
    last two axes may be contiguous in memory. No written array may overlap with another operand. Raises ValueError if
    the arrays are contiguous along different axes.
    """
    shape = arrays[written].shape
    as_given = {name: as_three_axes(array, shape) for name, array in arrays.items()}
    operands = walkable(as_given, {name: array.mT for name, array in as_given.items()})
    steady = frozenset(name for name, array in operands.items() if is_steady(array))
    function = kernels.machine_code(formula, tuple(operands), steady, arrays[written].dtype.name)
    return None if function is None else BoundPass(function, list(operands.values()))


def bind_along_axes(formula: Formula, arrays: Mapping[str, np.ndarray]) -> BoundPass | None:
    """The pass on arrays of one shape with any number of axes, whose last axis is contiguous in memory or of length 1.

    The loops run in the order of the axes. Positions of a written array may be visited several times, but different
    arrays must not overlap. None if the pass cannot be compiled, or compiling it does not pay yet.
    """
    operands = list(arrays.values())
    function = kernels.machine_code(formula, tuple(arrays), frozenset(), operands[0].dtype.name, operands[0].ndim)
    return None if function is None else BoundPass(function, operands)


def as_three_axes(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A view (K, I, J) of an array that broadcasts to `shape`; repeated axes have stride 0."""
    full = np.broadcast_to(array, shape)
    return full[:, None] if full.ndim == 2 else full


def walkable(*views: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The views with the longest last axis, among those whose last axis the innermost loop can run along.

    Raises ValueError if there are none.
    """
    possible = [each for each in views if all(is_steady(array) or is_contiguous(array) for array in each.values())]
    if not possible:
        strides = {name: array.strides for name, array in views[0].items()}
        raise ValueError(
            f"all operands of a pass must be contiguous along the same axis, but their strides are {strides}"
        )
    return max(possible, key=lambda each: max(array.shape[-1] for array in each.values()))


def is_steady(array: np.ndarray) -> bool:
    """Whether the array is repeated along its last axis."""
    return array.size > 0 and array.shape[-1] > 1 and array.strides[-1] == 0


def is_contiguous(array: np.ndarray) -> bool:
    return array.size == 0 or array.shape[-1] == 1 or array.strides[-1] == array.itemsize


def table_entries(array: np.ndarray) -> list[int]:
    """The address of an array, and its strides along all axes but the last, in elements."""
    return [array.ctypes.data, *(stride // array.itemsize for stride in array.strides[:-1])]
