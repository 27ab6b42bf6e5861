"""Generations of a search do not depend on what other drivers do meanwhile."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from fitgap.runner.driver import generations
from fitgap.runner.driver.generations import Generations
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store.read.proposals import ProposalCounts

SEARCH = """\
data: xor
search: {method: tpe, trials: 6, generation: 2}
axes:
  architecture: [2, 3, 4]
  optimizer: [{adam: {rate: 1e-3..1}}]
"""


@pytest.mark.parametrize("lag", [0, 1])
def test_generations_grow_and_are_based_on_all_but_the_last_ones(lag, monkeypatch):
    """42 configurations in generations of at most 12 have the sizes 8, 8, 8, 12 and the remaining 6."""
    made = []

    def watched(prepared, known, results, number, count, advised):
        made.append((number, count, len(results)))
        return SimpleNamespace(configurations=[{}] * count)

    monkeypatch.setattr(generations, "generation_rows", watched)
    text = SEARCH.replace("trials: 6, generation: 2", f"trials: 42, generation: 12, lag: {lag}")
    begins = [0, 8, 16, 24, 36, 42]
    rows = [{"hash": str(each), "point": [], "error": 0.1, "parameters": 9, "rung": None} for each in range(42)]
    for number in range(1, 5):
        proposed, needed = begins[number], begins[max(0, number - lag)]
        for settled in (needed - 1, needed):
            counts = ProposalCounts(proposed, settled)
            store = SimpleNamespace(proposal_counts=lambda sweep, counts=counts: counts, proposals=lambda sweep: rows)
            session = SimpleNamespace(add_generation=lambda sweep, generation: None)
            search = Generations(store, session, WrittenSweep(1, "searched", prepare_sweep(sweep_from_text(text))))
            assert search._add_next() == (settled == needed)
    sizes = [end - begin for begin, end in pairwise(begins)]
    assert made == [(number, sizes[number], begins[max(0, number - lag)]) for number in range(1, 5)]


def test_proposals_that_another_driver_adds_after_the_count_do_not_become_known():
    proposed = [
        {"hash": str(number), "point": [0.5, number / 10], "error": 0.1, "parameters": 9, "rung": None}
        for number in range(4)
    ]
    added = []

    def add_next(rows):
        store = SimpleNamespace(proposal_counts=lambda sweep: ProposalCounts(2, 2), proposals=lambda sweep: rows)
        session = SimpleNamespace(add_generation=lambda sweep, generation: added.append(generation))
        written = WrittenSweep(1, "searched", prepare_sweep(sweep_from_text(SEARCH)))
        Generations(store, session, written)._add_next()

    add_next(proposed[:2])
    add_next(proposed)
    assert added[0] == added[1]
    assert added[0].known == 2
