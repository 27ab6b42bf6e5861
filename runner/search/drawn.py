"""The configurations of a search that is planned in full: the first accepted ones of a sequence of points."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.errors import SpecError
from fitgap.runner.search.points import decisions, sequence_of
from fitgap.runner.spec import Configuration, Sweep
from fitgap.runner.spec.configuration_sequence import ConfigurationSequence

# Drawing fails after this many repeated or refused points per configuration found, plus ALWAYS_DRAWN.
MOST_REFUSED = 200
ALWAYS_DRAWN = 20_000

Accept = Callable[[Sequence[Configuration]], Sequence[bool]]


class Drawn(ConfigurationSequence):
    """`wanted` different configurations that a filter accepts, in the order of the points. They are drawn on first use.
    Each will have this number of `repeats`.

    Raises SpecError on first use if there are not enough of them; `len` does not count as use.
    """

    def __init__(self, sweep: Sweep, wanted: int, accept: Accept | None = None, repeats: int = 1):
        self._sweep = sweep
        self._repeats = repeats
        self._wanted = wanted
        self._accept = accept

    def __len__(self) -> int:
        return self._wanted

    def __iter__(self) -> Iterator[Configuration]:
        return map(self._sweep.configuration, self._combinations)

    def at(self, position: int) -> Configuration:
        return self._sweep.configuration(self._combinations[position])

    @cached_property
    def _combinations(self) -> list[tuple[Any, ...]]:
        """The combination of each configuration."""
        found: dict[tuple[Any, ...], None] = {}
        refused = 0
        for block in self._blocks():
            fresh = [each for each in dict.fromkeys(block) if each not in found]
            accepted = self._accepted(fresh)
            found.update(dict.fromkeys(accepted))
            refused += len(block) - len(accepted)
            if len(found) >= self._wanted:
                return list(found)[: self._wanted]
            if refused > ALWAYS_DRAWN + MOST_REFUSED * len(found):
                raise self._too_few(len(found), refused)
        raise AssertionError("a sequence of points never ends")

    def _blocks(self) -> Iterator[list[tuple[Any, ...]]]:
        """The combinations of the points, block by block."""
        space, (sequence, dimensions) = self._sweep.space, sequence_of(self._sweep)
        assert space is not None
        columns = {name: place for place, (name, _) in enumerate(dimensions)}
        for number in count():
            yield [space.at(decisions(columns, point)) for point in sequence.block(number).tolist()]

    def _accepted(self, combinations: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if self._accept is None or not combinations:
            return combinations
        answers = self._accept([self._sweep.configuration(each) for each in combinations])
        return [each for each, is_accepted in zip(combinations, answers, strict=True) if is_accepted]

    def _too_few(self, found: int, refused: int) -> SpecError:
        because = "repeat or are refused by `only`" if self._accept else "repeat what was drawn before"
        rule = f"search: {self._wanted:,} different configurations are wanted, but of {found + refused:,} drawn ones"
        rule = f"{rule} only {found:,} can be used; the others {because}"
        return SpecError(f"{rule}; {self._advice(found)}", ("search", "trials"))

    def _advice(self, found: int) -> str:
        """The number of trials for which there are enough configurations."""
        if not found:
            return "change `only`"
        amount = f"{counted(found, 'configuration')} × {counted(self._repeats, 'repeat')}"
        return f"lower trials to at most {found * self._repeats:,} ({amount})"
