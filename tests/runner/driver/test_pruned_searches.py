"""Searches that learn and prune: every generation is a bracket, and pruned configurations rank behind all others."""

import pytest
from fitgap.runner.driver import drive, write_sweep
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.search import Result, proposals
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from support.sampling import at_night

SEARCH = """\
name: searched
data: xor
seed: 3
repeats: 2
search: {method: METHOD, trials: 40, generation: 8, lag: LAG}
RULE
training: {batch_size: 2, epochs: 6}
axes:
  architecture: [2, 3]
  optimizer: [{adam: {rate: 1e-3..1}}, {gradient_descent: {rate: [0.1, 1]}}]
"""
# Each rule with its rungs, and how many configurations continue after rung `number`, given how many the generation has
# and how many are present there.
RULES = {
    "halving: {factor: 2, first: 1}": ((1, 2, 4), lambda count, number, present: max(1, count // 2**number)),
    "median: {first: 2}": ((2, 4), lambda count, number, present: (present + 1) // 2),
}


def searched(text, database):
    """The stored proposals of a search with their results, the errors of their trials by epoch, and the sweep."""
    with open_store_for_writing(database) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
        drive(store, written, engine="local", workers=None, on_block=lambda block: None)
        rows = store.proposals(written.sweep_id)
        curves = {row["hash"]: {} for row in rows}
        configuration = {row["trial"]: row["configuration"] for row in store.trials(written.sweep_id)}
        for each in store.sweep_epochs(written.sweep_id):
            curves[configuration[each["trial"]]].setdefault(each["trial"], []).append(each["e_v"])
        assert store.progress(written.sweep_id).left == 0
    return rows, curves, written.prepared.sweep


@pytest.mark.parametrize(
    ("method", "lag", "rule", "pack_size"),
    [
        ("tpe", 0, "halving: {factor: 2, first: 1}", 192),
        at_night("tpe", 1, "halving: {factor: 2, first: 1}", 1),
        at_night("cmaes", 0, "median: {first: 2}", 192),
        at_night("nsga2", 1, "median: {first: 2}", 1),
    ],
)
def test_generations_are_pruned_by_themselves_and_the_next_learns_from_it(
    method, lag, rule, pack_size, tmp_path, monkeypatch
):
    monkeypatch.setattr(packs, "LARGEST_PACK", pack_size)
    text = SEARCH.replace("METHOD", method).replace("LAG", str(lag)).replace("RULE", rule)
    rows, curves, sweep = searched(text, str(tmp_path / "s.db"))
    assert len(rows) == 20
    rungs, kept = RULES[rule]
    for start in (0, 8, 16):
        generation = rows[start : start + 8]
        left = [row["hash"] for row in generation]
        expected = dict.fromkeys(left)
        for number, rung in enumerate(rungs, start=1):
            ranked = sorted(left, key=lambda name: sum(curve[rung - 1] for curve in curves[name].values()))
            left = ranked[: kept(len(generation), number, len(ranked))]
            expected |= dict.fromkeys(ranked[len(left) :], rung)
        assert {row["hash"]: row["rung"] for row in generation} == expected
    results = [Result(row["point"], row["error"], row["parameters"], row["rung"]) for row in rows]
    for number in range(3):
        known = {row["hash"] for row in rows[: 8 * number]}
        based_on = results[: 8 * max(0, number - lag)]
        expected = [row["hash"] for row in rows[8 * number : 8 * number + 8]]
        again = proposals(sweep, based_on, known, generation=number, count=len(expected))
        assert [each.configuration.hash for each in again] == expected


@pytest.mark.nightly
def test_it_does_not_matter_how_often_it_is_stopped(tmp_path, invoke):
    """A search that is resumed after every few epochs, in other packs, proposes and prunes the same configurations."""
    text = SEARCH.replace("METHOD", "tpe").replace("LAG", "1").replace("RULE", "halving: {factor: 2, first: 1}")
    (tmp_path / "s.yaml").write_text(text)
    at_once, resumed = str(tmp_path / "a.db"), str(tmp_path / "b.db")
    assert invoke("run", tmp_path / "s.yaml", "--db", at_once, "--engine", "local").code == 0
    stopped = ("--max-epochs-total", "50", "--db", resumed, "--engine", "local")
    code = invoke("run", tmp_path / "s.yaml", *stopped).code
    for _ in range(4):
        if code == 0:
            break
        code = invoke("resume", "searched", *stopped).code
    assert code == 0
    keys = ("--columns", "configuration,repeat,status,epochs,e_v,rung,rank,reason,verdict", "--format", "json")
    assert invoke("trials", "searched", *keys, "--db", resumed).json == (
        invoke("trials", "searched", *keys, "--db", at_once).json
    )
