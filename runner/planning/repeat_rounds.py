"""The rounds of repeats that a sweep may have, in words."""

from collections.abc import Iterator

from fitgap.runner.amounts import counted
from fitgap.runner.analysis.rounds import first_to_repeat
from fitgap.runner.planning.preparation import PreparedSweep


def explain_rounds(prepared: PreparedSweep) -> Iterator[str]:
    """Lines with the smallest and largest number of trials of a sweep with rounds; none without rounds."""
    rounds, search = prepared.sweep.rounds, prepared.sweep.search
    if rounds is None:
        return
    count = search.trials // prepared.repeat_count if search and search.learns else len(prepared.configurations)
    least = count * rounds.least + (first_to_repeat(count) if rounds.least == 1 < count else 0)
    confidence = f"{100 * rounds.until:g} % confidence"
    yield f"rounds: at least {least:,}, at most {counted(count * rounds.most, 'trial')}"
    more = (
        f"configurations that could be the best get more than {counted(rounds.least, 'repeat')}, up to {rounds.most:,}"
    )
    yield f"{more}, until one is the best with {confidence}"
