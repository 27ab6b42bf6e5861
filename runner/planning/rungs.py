"""The plan of a sweep with halving, in words: how many configurations train to which epoch."""

from collections import Counter
from collections.abc import Iterator

from fitgap.runner.amounts import counted
from fitgap.runner.planning.data_variants import variant_of
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import HalvingSettings


def explain_rungs(prepared: PreparedSweep) -> Iterator[str]:
    """One line per bracket, and how many epochs halving saves at least; none without halving."""
    halving, sweep = prepared.sweep.halving, prepared.sweep
    if halving is None:
        return
    brackets = Counter(
        (each.epochs, each.loss.label, variant_of(each, sweep).of_peers.label) for each in prepared.configurations
    )
    trained = planned = 0
    for (epochs, _, _), count in brackets.items():
        legs = legs_of(halving, epochs, count)
        trained += sum(configurations * length for configurations, length, _ in legs)
        planned += count * epochs
        to = ", ".join(f"{configurations:,} to epoch {end:,}" for configurations, _, end in legs)
        yield f"halving: {counted(count, 'configuration')}: {to}"
    share = f"{trained * prepared.repeat_count:,} of {counted(planned * prepared.repeat_count, 'epoch')}"
    yield f"at most {share} ({trained / planned:.0%})"


def legs_of(halving: HalvingSettings, epochs: int, count: int) -> list[tuple[int, int, int]]:
    """For each leg, the number of configurations that train in it, its length in epochs, and the epoch of its end."""
    found, begin, left = [], 0, count
    for end in (*halving.rungs(epochs), epochs):
        found.append((left, end - begin, end))
        begin, left = end, min(left, halving.kept(end, count)) if end < epochs else 0
    return found
