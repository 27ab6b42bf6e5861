"""A fused pass: a formula that reads and writes buffers of a pack, position by position."""

from collections.abc import Callable
from dataclasses import dataclass

from fitgap.core.kernels.expressions import Expression, Operand

Formula = Callable[..., dict[str, Expression]]


@dataclass(frozen=True)
class FusedPass:
    """What a pass computes. `formula` maps operands, by name, to the new values of those that it writes.

    Each operand is an array with this number of `axes`, such as (K, I, J), or broadcasts against that shape. Along the
    last axis, which the innermost loop walks, those in `steady` do not change. The others must be contiguous along it.
    """

    operands: tuple[str, ...]
    steady: frozenset[str]
    formula: Formula
    axes: int = 3

    def results(self) -> dict[str, Expression]:
        """The new value of each operand that is written.

        Raises ValueError if one of them is steady: all positions of the last axis would write the same number.
        """
        results = self.formula(**{name: Operand(name) for name in self.operands})
        wrong = sorted(self.steady & results.keys())
        if wrong:
            raise ValueError(f"operands that do not change along the last axis can only be read, but {wrong} written")
        return results
