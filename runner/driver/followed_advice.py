"""The configurations that a search by advice tried because of advice, recomputed from the stored results."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.runner.diagnosis.search_advice import SearchAdvice
from fitgap.runner.driver.generations import search_advice
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.search.generations import ADVISED_SHARE, proposals_at
from fitgap.runner.spec.search_settings import ADVICE
from fitgap.runner.store import Row, Store

# Searches with more proposals are skipped, because they would take too long.
MOST_PROPOSALS = 400


@dataclass(frozen=True)
class Followed:
    """An advised configuration: its first trial, its error (None if it has none), and the advice in words."""

    trial: int
    error: float | None
    words: str


def followed_advice(store: Store, written: WrittenSweep) -> list[Followed]:
    """The advised configurations of a search by advice, in the order of the plan; none for other sweeps."""
    sweep = written.prepared.sweep
    search, sizes = sweep.search, sweep.generation_sizes
    if search is None or search.method != ADVICE:
        return []
    rows = store.proposals(written.sweep_id)
    if not 0 < len(rows) <= MOST_PROPOSALS:
        return []
    found: list[Followed] = []
    for number in range(sizes.number_at(len(rows) - 1) + 1):
        advice = search_advice(store, written, rows[: sizes.begin(max(0, number - search.lag))])
        if advice is not None:
            found += followed_in(advice, rows[sizes.begin(number) : sizes.begin(number + 1)])
    return found


def followed_in(advice: SearchAdvice, generation: Sequence[Row]) -> Iterator[Followed]:
    """The advised configurations of one generation. They are its first ones, in the order of the advice."""
    sweep, left = advice.sweep, list(generation[: math.ceil(ADVISED_SHARE * len(generation))])
    dimensions = list(sweep.space.dimensions()) if sweep.space else []
    for point, words in advice.points_in_words():
        if not left:
            break
        filled = np.array([[0.5 if share is None else share for share in point]], float)
        hashes = [each.configuration.hash for each in proposals_at(sweep, dimensions, filled)]
        if left[0]["hash"] in hashes:
            row = left.pop(0)
            if row["trial"] is not None:
                yield Followed(row["trial"], row["error"], words)
