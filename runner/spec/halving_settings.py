"""The section `halving`: after which epochs the worse trials of a sweep are pruned, and by what."""

from dataclasses import dataclass
from typing import Any, Self

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.axes import LARGEST_COUNT
from fitgap.runner.spec.shorthand import parse_settings
from fitgap.runner.spec.validation import SpecNode

KEYS = ("factor", "first", "of")
FACTOR, LARGEST_FACTOR = 3, 1_000
E_V, BEST_E_V = "e_v", "best_e_v"
EXAMPLE = "such as {factor: 3, first: 5}, or factor=3,first=5"


@dataclass(frozen=True)
class HalvingSettings:
    """Successive halving: rungs after `first` epochs, `factor` times as many and so on, below the planned epochs.

    After each rung, the best 1 / `factor` of the configurations go on; `of` is the error by which they are compared.
    """

    first: int
    factor: int = FACTOR
    of: str = E_V

    def rungs(self, epochs: int) -> list[int]:
        """The rungs of trials with this number of planned epochs."""
        found, rung = [], self.first
        while rung < epochs:
            found.append(rung)
            rung *= self.factor
        return found

    def next_rung(self, rung: int, epochs: int) -> int | None:
        """The rung after this one; None if the trials then train to their end."""
        return rung * self.factor if rung * self.factor < epochs else None

    def kept(self, rung: int, configurations: int) -> int:
        """How many of all configurations of a bracket go on after this rung; at least one."""
        share = self.factor
        while rung > self.first:
            rung, share = rung // self.factor, share * self.factor
        return max(1, configurations // share)

    def canonical(self) -> dict[str, Any]:
        """These settings in sweep-file form."""
        return {"factor": self.factor, "first": self.first, "of": self.of}

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """The settings from a mapping, or from shorthand such as `factor=3,first=5`. Raises SpecError."""
        entries = as_mapping(node).entries(KEYS)
        if "first" not in entries:
            raise SpecError(f"first must be given, the epoch of the first rung, {EXAMPLE}", node.path)
        return cls(
            first=entries["first"].whole_number(1, LARGEST_COUNT),
            factor=entries["factor"].whole_number(2, LARGEST_FACTOR) if "factor" in entries else FACTOR,
            of=entries["of"].one_of((E_V, BEST_E_V)) if "of" in entries else E_V,
        )


def as_mapping(node: SpecNode) -> SpecNode:
    """The section as a mapping, also if it was written as shorthand."""
    if isinstance(node.value, str) and "=" in node.value:
        try:
            return SpecNode(parse_settings(node.value), node.path)
        except SpecError as error:
            raise SpecError(error.message, node.path) from None
    if not isinstance(node.value, dict):
        raise node.wrong(f"must be settings, {EXAMPLE}")
    return node
