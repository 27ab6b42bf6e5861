"""A fused pass: a formula that reads and writes buffers of a pack, position by position."""

from collections.abc import Callable
from dataclasses import dataclass

from fitgap.core.kernels.expressions import Expression, Operand

Formula = Callable[..., dict[str, Expression]]


@dataclass(frozen=True)
class FusedPass:
    """The computation of a pass. `formula` maps operands, by name, to the new values of those that it writes.

    Each operand is an array with this number of `axes`, such as (K, I, J), or broadcasts to that shape. The innermost
    loop runs along the last axis: the operands in `steady` do not change along it, all others must be contiguous.
    """

    operands: tuple[str, ...]
    steady: frozenset[str]
    formula: Formula
    axes: int = 3

    def results(self) -> dict[str, Expression]:
        """The new value of each operand that is written.

        Raises ValueError if one of them is steady: all positions along the last axis would write to the same place.
        """
        results = self.formula(**{name: Operand(name) for name in self.operands})
        wrong = sorted(self.steady & results.keys())
        if wrong:
            raise ValueError(f"operands that do not change along the last axis can only be read, but {wrong} written")
        return results
