"""Advice as proposals of a search: what it leads to, and that it depends on earlier results alone."""

import numpy as np
import pytest
from fitgap.runner.diagnosis.search_advice import SearchAdvice
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.driver.generations import advised_points, results_of
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.search import proposals
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store, open_store_for_writing

SEARCH = """\
name: advised
data: iris
seed: 5
repeats: 2
search: {method: advice, trials: 48, generation: 8, lag: LAG}
RULE
training: {epochs: 6}
axes:
  architecture: [none, {depth: 1, width: [2, 8]}]
  regularizer: [none, {l2: {weight: 1e-3..1}}]
  optimizer: [{adam: {rate: 1e-4..1}}, {gradient_descent: {rate: [1e-3, 1e-2, 1e+30]}}]
"""


def searched(text, database):
    with open_store_for_writing(database) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        return written, store.proposals(written.sweep_id)


def hashes(proposed):
    return [each.configuration.hash for each in proposed]


def axes_of(configuration, other):
    names = ("architecture", "regularizers", "optimizer")
    return {name for name in names if getattr(configuration, name) != getattr(other, name)}


@pytest.mark.parametrize(("lag", "rule"), [(0, ""), (1, "halving: {factor: 2, first: 2}")])
def test_a_generation_follows_from_the_results_before_it_alone(lag, rule, tmp_path):
    """It is the same if it is computed after the end of the sweep, when the reference and the verdicts have changed."""
    database = str(tmp_path / "s.db")
    written, rows = searched(SEARCH.replace("LAG", str(lag)).replace("RULE", rule), database)
    assert len(rows) == 24
    sweep, are_advised = written.prepared.sweep, []
    with open_store(database) as store:
        for number in range(3):
            based_on = rows[: 8 * max(0, number - lag)]
            points = list(advised_points(store, written, based_on))
            known = {row["hash"] for row in rows[: 8 * number]}
            expected = [row["hash"] for row in rows[8 * number : 8 * number + 8]]
            assert hashes(
                proposals(sweep, results_of(based_on), known, advised=points, generation=number, count=8)
            ) == (expected)
            without = hashes(proposals(sweep, results_of(based_on), known, generation=number, count=8))
            are_advised.append(without != expected)
    assert are_advised == [False, not lag, True], "the advice makes a difference as soon as there are results"


def test_advice_changes_one_setting_of_the_best_or_combines_two(tmp_path):
    """Every advised proposal changes one axis of an earlier one that is among the best, or combines such changes."""
    database = str(tmp_path / "s.db")
    written, rows = searched(SEARCH.replace("LAG", "0").replace("RULE", ""), database)
    with open_store(database) as store:
        based_on = rows[:8]
        advice = SearchAdvice(
            store, written.prepared.sweep, based_on, np.array([row["error"] or np.inf for row in based_on])
        )
        found = [each for each in advice.advised() if each.point is not None]
        assert found and {each.place for each in found} <= set(advice.best[:3])
        for each in found:
            own = advice.configuration(each.place)
            sweep = written.prepared.sweep
            (proposal,) = proposals(sweep, [], (), generation=1, count=2, advised=[each.point])[:1]
            assert len(axes_of(own, proposal.configuration)) == 1


def test_if_everything_diverged_lower_rates_are_proposed(tmp_path):
    text = """\
    name: wild
    data: xor
    search: {method: advice, trials: 8, generation: 4}
    training: {epochs: 3}
    axes: {optimizer: [{gradient_descent: {rate: 1e+25..1e+35}}]}
    """
    rows = searched(text, str(tmp_path / "s.db"))[1]
    assert all(row["has_diverged"] for row in rows)
    # The advice is far below the range, so its lower end is the nearest value.
    assert [row["point"] for row in rows].index([0.0]) == 4
