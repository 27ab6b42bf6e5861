"""The plan of a sweep that prunes at rungs, in words: how many configurations train to which epoch."""

from collections import Counter
from collections.abc import Iterator

from fitgap.runner.amounts import counted
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import PruningSettings


def explain_rungs(prepared: PreparedSweep) -> Iterator[str]:
    """One line per bracket, and how many epochs are trained at most; none if nothing is pruned."""
    rule, sweep = prepared.sweep.pruning, prepared.sweep
    if rule is None:
        return
    brackets = Counter(
        (each.epochs, each.loss.label, variant_of(each, sweep).of_peers.label) for each in prepared.configurations
    )
    trained = planned = 0
    for (epochs, _, _), count in brackets.items():
        legs = legs_of(rule, epochs, count)
        trained += sum(configurations * length for configurations, length, _ in legs)
        planned += count * epochs
        to = ", ".join(f"{configurations:,} to epoch {end:,}" for configurations, _, end in legs)
        yield f"{rule.section}: {counted(count, 'configuration')}: {to}"
    share = f"{trained * prepared.repeat_count:,} of {counted(planned * prepared.repeat_count, 'epoch')}"
    yield f"at most {share} ({trained / planned:.0%})"


def legs_of(rule: PruningSettings, epochs: int, count: int) -> list[tuple[int, int, int]]:
    """For each leg, the number of configurations that train in it, its length in epochs, and the epoch of its end."""
    found, begin, left = [], 0, count
    for end in (*rule.rungs(epochs), epochs):
        found.append((left, end - begin, end))
        begin, left = end, min(left, rule.kept(end, count, left)) if end < epochs else 0
    return found
