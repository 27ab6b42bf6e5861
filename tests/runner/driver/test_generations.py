"""Generations of a search: what another driver does meanwhile changes none of them."""

from types import SimpleNamespace

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
