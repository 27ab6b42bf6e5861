"""Pruning: at each rung, the configurations that are best there continue; the others keep their results so far."""

import itertools
from math import fsum, inf

import pytest
from fitgap.runner.driver import continue_pruned, drive, stored_sweep, write_sweep
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.trial_status import Status
from support.sampling import every_row, on_sqlite_per_commit

# Twelve configurations of two shapes with dropout, a rate that diverges and trials that end early by a stopping rule.
GRID = """\
name: NAME
data: xor
seed: 4
repeats: 2
training: {epochs: 10, batch_size: 2, record: RECORD, stopping: {no_improvement: {epochs: 4}}}
axes:
  architecture: [2, 3]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [{adam: {rate: [0.003, 0.1]}}, {gradient_descent: {rate: 1e+30}}]
"""
# Each rule with its rungs, and how many configurations continue after rung `number`, given how many the sweep has and
# how many are present there.
RULES = {
    "halving: {factor: 2, first: 2, of: OF}\n": ((2, 4, 8), lambda number, all_, present: max(1, all_ // 2**number)),
    "median: {first: 3, every: 2, of: OF}\n": ((3, 5, 7, 9), lambda number, all_, present: (present + 1) // 2),
}
HALVING, MEDIAN = RULES
NUMBERS = ("epoch", "e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")
SUMMARY = ("best_epoch", "best_e_v", "honest_e_v", "e_t", "e_v", "rmse_v")


def ignore(block):
    """Observes nothing."""


def train(text, database):
    with open_store_for_writing(database) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(text)))
        drive(store, written, engine="local", workers=None, on_block=ignore)
        return found_in(store, written.sweep_id)


def found_in(store, sweep_id):
    """The trials of a sweep, each with its stored epochs, in the order of the plan."""
    epochs = store.sweep_epochs(sweep_id)
    rows = [store.show(row["trial"]) for row in store.trials(sweep_id)]
    return [row | {"curve": [each for each in epochs if each["trial"] == row["trial"]]} for row in rows]


def expected_of(grid, rule, of):
    """For each trial of the grid: the rung at which it is pruned, its rank there, and how many are ranked; or None."""
    rungs, kept_of = RULES[rule]
    left = list(dict.fromkeys(row["configuration"] for row in grid))
    order, pruned = {name: place for place, name in enumerate(left)}, {}
    for number, rung in enumerate(rungs, start=1):
        errors = {
            name: fsum(error_at(row, rung, of) for row in grid if row["configuration"] == name) / 2 for name in left
        }
        ranked = sorted(left, key=lambda name: (errors[name], order[name]))
        kept = [name for name in ranked[: kept_of(number, len(order), len(left))] if errors[name] < inf]
        for rank, name in enumerate(ranked, start=1):
            if name not in kept:
                pruned[name] = (rung, rank, len(left))
        left = kept
    return [pruned.get(row["configuration"]) if has_reached(row, pruned) else None for row in grid]


def has_reached(row, pruned):
    """Whether a trial trains to the rung at which its configuration is pruned."""
    return (
        row["configuration"] in pruned
        and row["status"] == "completed"
        and row["epochs"] > pruned[row["configuration"]][0]
    )


def error_at(row, rung, of):
    """The error of a trial of the grid after this epoch, or after its last one."""
    if row["status"] != "completed":
        return inf
    curve = [each["e_v"] for each in row["curve"][:rung]]
    return min(curve) if of == "best_e_v" else curve[-1]


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return train(GRID.replace("NAME", "grid").replace("RECORD", "all"), str(tmp_path_factory.mktemp("grid") / "g.db"))


CASES = itertools.product(RULES, ("e_v", "best_e_v"), ("all", "epochs=log"), (1, 3, 192))


@on_sqlite_per_commit
@pytest.mark.parametrize(("rule", "of", "record", "pack_size"), every_row(11, CASES))
def test_those_go_on_that_are_best_in_the_grid_at_each_rung(grid, rule, of, record, pack_size, database, monkeypatch):
    """Each trial has the same numbers as in the grid, as far as it was trained."""
    monkeypatch.setattr(packs, "LARGEST_PACK", pack_size)
    text = GRID.replace("NAME", "halved").replace("RECORD", record) + rule.replace("OF", of)
    found = train(text, database)
    expected = expected_of(grid, rule, of)
    assert {None, *RULES[rule][0][:2]} <= {each and each[0] for each in expected}, "the case has become too simple"
    for row, own, rung_and_rank in zip(found, grid, expected, strict=True):
        if rung_and_rank is None:
            assert row["status"] == own["status"]
            assert [row[name] for name in SUMMARY] == [own[name] for name in SUMMARY]
            continue
        rung, rank, present = rung_and_rank
        assert (row["status"], row["epochs"], row["verdict"]) == ("pruned", rung, None)
        assert row["reason"].startswith(f"rank {rank} of {present} after epoch {rung}, where the best ")
        assert row["e_v"] == own["curve"][rung - 1]["e_v"]
        assert row["best_e_v"] == min(each["e_v"] for each in own["curve"][:rung])
    for row, own in zip(found, grid, strict=True):
        of_grid = {each["epoch"]: [each[name] for name in NUMBERS] for each in own["curve"]}
        assert all([each[name] for name in NUMBERS] == of_grid[each["epoch"]] for each in row["curve"])
        assert record != "all" or len(row["curve"]) == row["epochs"]


@on_sqlite_per_commit
@pytest.mark.parametrize("record", ["all", "epochs=log"])
def test_what_is_continued_has_the_numbers_of_a_grid(grid, record, database):
    """To the last bit, as if it had never been pruned."""
    text = GRID.replace("NAME", "halved").replace("RECORD", record) + HALVING.replace("OF", "e_v")
    train(text, database)
    with open_store_for_writing(database) as store:
        counts = [row["pruned"] for row in store.sweeps()]
        continued = continue_pruned(store, "halved", None)
        assert (continued.new, continued.continued) == (0, counts[0])
        drive(store, continued.written, engine="local", workers=None, on_block=ignore)
        found = found_in(store, continued.written.sweep_id)
    for row, own in zip(found, grid, strict=True):
        assert [row[name] for name in ("status", "epochs", *SUMMARY)] == [
            own[name] for name in ("status", "epochs", *SUMMARY)
        ]
        assert row["reason"] == own["reason"]
        of_grid = {each["epoch"]: [each[name] for name in NUMBERS] for each in own["curve"]}
        assert all([each[name] for name in NUMBERS] == of_grid[each["epoch"]] for each in row["curve"])
        assert record != "all" or len(row["curve"]) == row["epochs"]


@on_sqlite_per_commit
def test_pruned_trials_are_in_the_columns_and_keep_their_states(database):
    text = GRID.replace("NAME", "halved").replace("RECORD", "all") + HALVING.replace("OF", "e_v")
    train(text, database)
    with open_store_for_writing(database) as store:
        written = stored_sweep(store, "halved")
        (counts,) = store.sweeps()
        pruned = [row["trial"] for row in store.trials(written.sweep_id) if row["status"] == Status.PRUNED]
        assert counts["pruned"] == len(pruned) > 0 and counts["pending"] == counts["running"] == 0
        states = store.states(pruned)
        rows = {number: store.show(number) for number in pruned}
        assert {number: state.epoch for number, state in states.items()} == {
            n: row["epochs"] for n, row in rows.items()
        }
        assert not store.has_due_rungs(written.sweep_id)
