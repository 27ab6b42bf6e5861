"""The plan of a sweep that prunes at rungs, in words: how many configurations train to which epoch."""

from collections import Counter
from collections.abc import Iterator, Sequence

from fitgap.runner.amounts import counted
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep


def explain_rungs(prepared: PreparedSweep) -> Iterator[str]:
    """One line per bracket, and how many epochs are trained at most; none if nothing is pruned."""
    rule = prepared.sweep.pruning
    if rule is None:
        return
    trained = planned = 0
    for epochs, count in brackets_of(prepared):
        legs = rule.legs(epochs, count)
        trained += sum(configurations * length for configurations, length, _ in legs)
        planned += count * epochs
        which = counted(count, "configuration")
        if len(legs) == 1:
            length = counted(epochs, "epoch")
            yield f"{rule.section}: {which} of {length}, never pruned, as all end by epoch {rule.first}"
            continue
        yield f"{rule.section}: {which}: {legs_text(legs)}"
    share = f"{trained * prepared.repeat_count:,} of {counted(planned * prepared.repeat_count, 'epoch')}"
    yield f"at most {share} ({trained / planned:.0%})"


def brackets_of(prepared: PreparedSweep) -> list[tuple[int, int]]:
    """The planned epochs and the number of configurations of each bracket."""
    sweep = prepared.sweep
    brackets = Counter(
        (each.epochs, each.loss.label, variant_of(each, sweep).of_peers.label) for each in prepared.configurations
    )
    return [(epochs, count) for (epochs, _, _), count in brackets.items()]


def only_legs(prepared: PreparedSweep) -> str | None:
    """How many configurations train to which epoch, if the sweep has one bracket."""
    rule, brackets = prepared.sweep.pruning, brackets_of(prepared)
    return legs_text(rule.legs(*brackets[0])) if rule and len(brackets) == 1 else None


def legs_text(legs: Sequence[tuple[int, int, int]]) -> str:
    """How many configurations train to which epoch."""
    return ", ".join(f"{configurations:,} to epoch {end:,}" for configurations, _, end in legs)
