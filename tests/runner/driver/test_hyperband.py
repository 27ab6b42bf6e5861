"""Hyperband: every bracket prunes as if it were a sweep of its own with halving."""

import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from support.sampling import at_night, on_sqlite_per_commit

# A random search that draws all of a grid, in its own order. In one test, half of the trials have fewer epochs.
SEARCH = """\
name: NAME
data: xor
seed: 4
repeats: 2
search: {method: random, trials: 24}
training: {batch_size: 2}
axes:
  EPOCHS
  architecture: [2, 3]
  activation: [tanh, relu]
  optimizer: [{adam: {rate: [0.003, 0.03, 0.1]}}]
"""
HYPERBAND = "hyperband: {factor: 2, first: 2}\n"
# The brackets of twelve configurations of 10 epochs, in proportions of 8, 6, 4 and 4, with the rungs of each.
BRACKETS = ((range(5), (2, 4, 8)), (range(5, 8), (4, 8)), (range(8, 10), (8,)), (range(10, 12), ()))
NUMBERS = ("epoch", "e_t", "e_v", "accuracy_v")


def trained(text, database, name, epochs="epochs: [10]"):
    with open_store_for_writing(database) as store:
        text = text.replace("NAME", name).replace("EPOCHS", epochs)
        written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        rows = [store.show(row["trial"]) for row in store.trials(written.sweep_id)]
        assert store.progress(written.sweep_id).planned_epochs == sum(row["epochs"] for row in rows)
        epochs = store.sweep_epochs(written.sweep_id)
    curves = {row["trial"]: [each for each in epochs if each["trial"] == row["trial"]] for row in rows}
    return [(row["configuration"], row["epochs"], row["status"], curves[row["trial"]]) for row in rows]


def expected_epochs(whole, brackets, factor=2):
    """How many epochs each configuration is trained for, from the errors in a search without pruning."""
    names, curves = list(dict.fromkeys(name for name, *_ in whole)), {}
    for name, _, _, curve in whole:
        curves.setdefault(name, []).append([row["e_v"] for row in curve])
    epochs = {name: len(curves[name][0]) for name in names}
    for places, rungs in brackets:
        left = [names[place] for place in places]
        for number, rung in enumerate(rungs, start=1):
            ranked = sorted(left, key=lambda name: sum(curve[rung - 1] for curve in curves[name]))
            kept = ranked[: max(1, len(places) // factor**number)]
            epochs |= {name: rung for name in left if name not in kept}
            left = [name for name in left if name in kept]
    return epochs


@on_sqlite_per_commit
@pytest.mark.parametrize("pack_size", [at_night(1), 192])
def test_each_bracket_is_pruned_by_itself(pack_size, database, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "LARGEST_PACK", pack_size)
    whole = trained(SEARCH, str(tmp_path / "whole.db"), "whole")
    found = trained(SEARCH + HYPERBAND, database, "pruned")
    expected = expected_epochs(whole, BRACKETS)
    assert len(set(expected.values())) == 4, "the case has become too simple"
    assert {name: epochs for name, epochs, *_ in found} == expected
    for (name, epochs, status, curve), (own_name, _, _, own_curve) in zip(found, whole, strict=True):
        assert (name, status) == (own_name, "completed" if epochs == 10 else "pruned")
        assert [[row[key] for key in NUMBERS] for row in curve] == [
            [row[key] for key in NUMBERS] for row in own_curve[:epochs]
        ]


def test_trials_with_fewer_epochs_are_compared_by_themselves(tmp_path):
    """In the brackets whose first rung is not below their epochs, they are not pruned."""
    two = "epochs: [4, 10]"
    text = SEARCH.replace("trials: 24", "trials: 48")
    whole = trained(text, str(tmp_path / "a.db"), "whole", two)
    found = trained(text + HYPERBAND, str(tmp_path / "b.db"), "pruned", two)
    names = list(dict.fromkeys(name for name, *_ in whole))
    planned = {name: epochs for name, epochs, *_ in whole}
    # The brackets of 24 configurations, in the same proportions.
    parts = (range(9), range(9, 16), range(16, 20), range(20, 24))
    brackets = []
    for places, rungs in zip(parts, ((2, 4, 8), (4, 8), (8,), ()), strict=True):
        for length in (4, 10):
            own = [place for place in places if planned[names[place]] == length]
            brackets.append((own, [rung for rung in rungs if rung < length]))
    assert {name: epochs for name, epochs, *_ in found} == expected_epochs(whole, brackets)
