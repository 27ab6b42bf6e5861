"""The plan of a sweep that prunes at rungs, in words: how many configurations train to which epoch."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fitgap.runner.amounts import counted
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import PruningSettings


@dataclass(frozen=True)
class Group:
    """Configurations that are compared with each other: their bracket's number and rule, their epochs and count."""

    bracket: int
    rule: PruningSettings
    epochs: int
    count: int

    @property
    def legs(self) -> list[tuple[int, int, int]]:
        return self.rule.legs(self.epochs, self.count)

    def line(self) -> str:
        """How many of the configurations train to which epoch."""
        which = counted(self.count, "configuration")
        if len(self.legs) > 1:
            return f"{which}: {legs_text(self.legs)}"
        because = "" if self.bracket else f", as all end by epoch {self.rule.first}"
        return f"{which} of {counted(self.epochs, 'epoch')}, never pruned{because}"


def explain_rungs(prepared: PreparedSweep) -> Iterator[str]:
    """One line per group, and one with the largest number of epochs trained; none if nothing is pruned.

    For a search that learns, only the first generation is known; the others are pruned in the same way.
    """
    rule, groups = prepared.sweep.pruning, groups_of(prepared)
    if rule is None:
        return
    has_brackets = len({each.bracket for each in groups}) > 1
    for each in groups:
        bracket = f"bracket {each.bracket + 1}, " if has_brackets else ""
        yield f"{rule.section}: {'each generation, ' if learns(prepared) else bracket}{each.line()}"
    trained = sum(configurations * length for each in groups for configurations, length, _ in each.legs)
    planned = sum(each.count * each.epochs for each in groups)
    if learns(prepared):
        yield f"about {trained / planned:.0%} of the epochs of a search without pruning"
        return
    share = f"{trained * prepared.repeat_count:,} of {counted(planned * prepared.repeat_count, 'epoch')}"
    yield f"at most {share} ({trained / planned:.0%})"


def learns(prepared: PreparedSweep) -> bool:
    """Whether a sweep is a search in generations, each of which is compared separately."""
    return prepared.sweep.search is not None and prepared.sweep.search.learns


def groups_of(prepared: PreparedSweep) -> list[Group]:
    """The groups of configurations that are compared with each other, in the order of the plan."""
    sweep = prepared.sweep
    if sweep.pruning is None:
        return []
    # Iterate only once, because there may be a million configurations, which are created by the iteration.
    compared = [
        (each.epochs, each.loss.label, variant_of(each, sweep).of_peers.label) for each in prepared.configurations
    ]
    starts = sweep.pruning.bracket_starts(len(compared), max(epochs for epochs, _, _ in compared))
    found = Counter((bisect(starts, place) - 1, *each) for place, each in enumerate(compared))
    return [
        Group(bracket, sweep.pruning.in_bracket(bracket), epochs, count)
        for (bracket, epochs, _, _), count in found.items()
    ]


def only_legs(prepared: PreparedSweep) -> str | None:
    """How many configurations train to which epoch; None unless all of a sweep or generation are compared."""
    groups = groups_of(prepared)
    if len(groups) != 1:
        return None
    return legs_text(groups[0].legs) + (" in each generation" if learns(prepared) else "")


def legs_text(legs: Sequence[tuple[int, int, int]]) -> str:
    """How many configurations train to which epoch."""
    return ", ".join(f"{configurations:,} to epoch {end:,}" for configurations, _, end in legs)
