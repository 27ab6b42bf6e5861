"""The sections `halving`, `hyperband` and `median`: after which epochs the worse trials are pruned, and by what."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.axes import LARGEST_COUNT
from fitgap.runner.spec.shorthand import settings_of
from fitgap.runner.spec.validation import SpecNode

FACTOR, LARGEST_FACTOR = 3, 1_000
E_V, BEST_E_V = "e_v", "best_e_v"
OF_ADVICE = f"leave it out to compare {E_V} after the rung, or write of={BEST_E_V} for the lowest one so far"


@dataclass(frozen=True)
class PruningSettings:
    """A rule that prunes at rungs, the first of them after the epoch `first`; `of` is the error that is compared."""

    first: int
    of: str = E_V

    # The section of the sweep file, its name in sentences, and an example of its settings.
    section: ClassVar[str]
    title: ClassVar[str]
    example: ClassVar[str]

    def next_rung(self, rung: int, epochs: int) -> int | None:
        """The rung after this one; None if the trials then train to their end."""
        following = self._after(rung)
        return following if following < epochs else None

    def rungs(self, epochs: int) -> list[int]:
        """The rungs of trials with this number of planned epochs."""
        found: list[int] = []
        rung: int | None = self.first if self.first < epochs else None
        while rung is not None:
            found.append(rung)
            rung = self.next_rung(rung, epochs)
        return found

    def kept(self, rung: int, configurations: int, present: int) -> int:
        """How many of a bracket's configurations continue after this rung; `present` have reached it."""
        raise NotImplementedError

    def _after(self, rung: int) -> int:
        raise NotImplementedError

    def legs(self, epochs: int, count: int) -> list[tuple[int, int, int]]:
        """For each leg of a bracket with `count` configurations: how many train in it at most, its length in epochs,
        and its last epoch.
        """
        found, begin, left = [], 0, count
        for end in (*self.rungs(epochs), epochs):
            found.append((left, end - begin, end))
            begin, left = end, min(left, self.kept(end, count, left)) if end < epochs else 0
        return found

    def bracket_starts(self, configurations: int, epochs: int) -> list[int]:
        """The places in the plan, from 0, at which brackets begin, if a sweep has this many configurations and at most
        `epochs` planned epochs.
        """
        return [0]

    def in_bracket(self, number: int) -> "PruningSettings":
        """The rule within a bracket, counted from 0."""
        return self

    def canonical(self) -> dict[str, Any]:
        """These settings in sweep-file form."""
        return dict(vars(self))

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    @classmethod
    def read(cls, node: SpecNode) -> Self:
        """The settings from a mapping, or from shorthand such as `first=5`. Raises SpecError."""
        entries = settings_of(node, f"must be settings, such as {cls.example}").entries(cls.keys())
        if "first" not in entries:
            raise SpecError(f"first must be given, the epoch of the first rung, such as {cls.example}", node.path)
        first = entries["first"].whole_number(1, LARGEST_COUNT)
        of = entries["of"].one_of((E_V, BEST_E_V), OF_ADVICE) if "of" in entries else E_V
        return cls(first=first, of=of, **cls._more(entries))

    @classmethod
    def _more(cls, entries: Mapping[str, SpecNode]) -> dict[str, Any]:
        """Further settings of this rule."""
        raise NotImplementedError


@dataclass(frozen=True)
class HalvingSettings(PruningSettings):
    """Successive halving: rungs after `first` epochs, `factor` times as many and so on. After each rung, the best
    1 / `factor` of the configurations continue.
    """

    factor: int = FACTOR

    section: ClassVar[str] = "halving"
    title: ClassVar[str] = "halving"
    example: ClassVar[str] = "{factor: 3, first: 5}, or factor=3,first=5"

    def kept(self, rung: int, configurations: int, present: int) -> int:
        share = self.factor
        while rung > self.first:
            rung, share = rung // self.factor, share * self.factor
        return max(1, configurations // share)

    def _after(self, rung: int) -> int:
        return rung * self.factor

    @classmethod
    def _more(cls, entries: Mapping[str, SpecNode]) -> dict[str, Any]:
        return {"factor": entries["factor"].whole_number(2, LARGEST_FACTOR) if "factor" in entries else FACTOR}


@dataclass(frozen=True)
class HyperbandSettings(HalvingSettings):
    """Hyperband (Li et al., JMLR 18, 2018): brackets of successive halving. Each has fewer configurations than the one
    before it, and a first rung `factor` times as late. In the last one, all trials train to their end.
    """

    section: ClassVar[str] = "hyperband"
    title: ClassVar[str] = "Hyperband"
    example: ClassVar[str] = "{factor: 3, first: 1}, or factor=3,first=1"

    def bracket_starts(self, configurations: int, epochs: int) -> list[int]:
        starts = itertools.accumulate(self.sizes(configurations, epochs)[:-1], initial=0)
        return [start for start in starts if start < configurations]

    def in_bracket(self, number: int) -> PruningSettings:
        return HalvingSettings(self.first * self.factor**number, self.of, self.factor)

    def sizes(self, configurations: int, epochs: int) -> list[int]:
        """How many configurations each bracket has, in the proportions of Algorithm 1 in the paper. With these, all
        brackets train for about the same number of epochs.
        """
        most = len(self.rungs(epochs))
        # In the paper, a bracket with s rungs has ceil((most + 1) / (s + 1) * factor ** s) configurations.
        weights = [-((most + 1) * self.factor**rungs // -(rungs + 1)) for rungs in range(most, -1, -1)]
        shares = [divmod(configurations * weight, sum(weights)) for weight in weights]
        sizes = [whole for whole, _ in shares]
        # The rest goes to the brackets with the largest remainders, the first among equals.
        for place in sorted(range(len(shares)), key=lambda each: -shares[each][1])[: configurations - sum(sizes)]:
            sizes[place] += 1
        return sizes


@dataclass(frozen=True)
class MedianSettings(PruningSettings):
    """The median rule: rungs after `first` epochs and then after `every` further ones. A configuration continues
    unless its error is above the median of those that have reached the rung.
    """

    every: int | None = None

    section: ClassVar[str] = "median"
    title: ClassVar[str] = "the median rule"
    example: ClassVar[str] = "{first: 5, every: 5}, or first=5,every=5"

    def kept(self, rung: int, configurations: int, present: int) -> int:
        return (present + 1) // 2

    def _after(self, rung: int) -> int:
        return rung + (self.every or self.first)

    @classmethod
    def _more(cls, entries: Mapping[str, SpecNode]) -> dict[str, Any]:
        return {"every": entries["every"].whole_number(1, LARGEST_COUNT)} if "every" in entries else {}


def stored_pruning(specification: Mapping[str, Any]) -> PruningSettings | None:
    """The rule of a stored sweep; None if it has none."""
    return read_pruning(
        {each.section: SpecNode(specification[each.section]) for each in RULES if each.section in specification}
    )


RULES: tuple[type[PruningSettings], ...] = (HalvingSettings, HyperbandSettings, MedianSettings)


def read_pruning(entries: Mapping[str, SpecNode]) -> PruningSettings | None:
    """The rule in the entries of a sweep; None if it has none. Raises SpecError if there are two."""
    given = [rule for rule in RULES if rule.section in entries]
    if len(given) > 1:
        rule = f"cannot be combined with {given[0].section}; keep one of them"
        raise SpecError(rule, entries[given[1].section].path)
    return given[0].read(entries[given[0].section]) if given else None
