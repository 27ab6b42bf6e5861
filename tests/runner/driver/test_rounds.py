"""Rounds of repeats: the trials they add have the same numbers as in a sweep with as many repeats for all."""

import pytest
from fitgap.runner.driver import drive, extend_sweep, repeats_to_come, stored_sweep, write_sweep
from fitgap.runner.driver.spending import Spending
from fitgap.runner.planning import packs
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import Budget, Flags, sweep_from_text
from fitgap.runner.store import open_store_for_writing
from support.sampling import at_night

GRID = """\
name: NAME
data: iris
seed: 4
repeats: REPEATS
training: {epochs: 4, batch_size: 8}
axes:
  architecture: [2, 6]
  activation: [tanh, relu]
  optimizer: [{adam: {rate: [0.0001, 0.001, 0.05]}}, {gradient_descent: {rate: 1e+30}}]
"""
SEARCH = """\
name: searched
data: iris
seed: 3
repeats: {from: 1, to: 4}
search: {method: tpe, trials: 12, generation: 4, lag: LAG}
training: {epochs: 2, batch_size: 8}
axes:
  architecture: [2, 6]
  optimizer: [{adam: {rate: 1e-4..0.1}}]
"""
SUMMARY = ("status", "best_epoch", "best_e_v", "honest_e_v", "e_t", "e_v", "accuracy_v")
EPOCH = ("epoch", "e_t", "e_v", "se_t", "se_v", "accuracy_t", "accuracy_v")


def ignore(block):
    """Observes nothing."""


def train(text, database, spending=None):
    with open_store_for_writing(database) as store:
        known = {row["name"] for row in store.sweeps()}
        sweep = sweep_from_text(text)
        written = stored_sweep(store, sweep.name) if sweep.name in known else write_sweep(store, prepare_sweep(sweep))
        drive(store, written, engine="local", workers=None, on_block=ignore, spending=spending)
        return found_in(store, written)


def found_in(store, written):
    """The numbers of every trial, by configuration and repeat, and the outcome of the rounds."""
    epochs = store.sweep_epochs(written.sweep_id)
    rows = {
        (row["configuration"], row["repeat"]): (
            [row[key] for key in SUMMARY],
            [[each[key] for key in EPOCH] for each in epochs if each["trial"] == row["trial"]],
        )
        for row in store.trials(written.sweep_id)
    }
    return rows, store.rounds_answer(written.sweep_id)


def grid(repeats, name="grid"):
    return GRID.replace("NAME", name).replace("REPEATS", repeats)


@pytest.fixture(scope="module")
def with_all_repeats(tmp_path_factory):
    return train(grid("5"), str(tmp_path_factory.mktemp("grid") / "g.db"))[0]


@pytest.mark.parametrize(("least", "pack_size"), [(1, 192), at_night(2, 1), at_night(1, 1), at_night(3, 3)])
def test_what_rounds_train_is_part_of_what_as_many_repeats_for_all_train(
    with_all_repeats, least, pack_size, tmp_path, monkeypatch
):
    """To the last bit. Clearly worse configurations have fewer repeats, diverged ones only those that all have."""
    monkeypatch.setattr(packs, "LARGEST_PACK", pack_size)
    found, answer = train(grid(f"{{from: {least}, to: 5}}"), str(tmp_path / "r.db"))
    assert {key: with_all_repeats[key] for key in found} == found
    assert len(found) < len(with_all_repeats), "the case has become too simple"
    repeats = {name: {repeat for each, repeat in found if each == name} for name, _ in found}
    assert len(repeats) == 16
    assert all(mine == set(range(1, len(mine) + 1)) for mine in repeats.values())
    assert all(len(repeats[name]) == answer["repeats"] for name in answer["within_reach"])
    diverged = {name for (name, _), (summary, _) in found.items() if summary[0] == "diverged"}
    assert len(diverged) == 4 and all(len(repeats[name]) == least for name in diverged)
    assert answer["is_over"] and answer["not_compared"] == 0
    assert answer["best"] == answer["within_reach"][0]


@pytest.mark.parametrize("lag", [0, at_night(1)])
def test_a_search_that_learns_repeats_once_it_has_proposed_everything(lag, tmp_path):
    """Its proposals are those of a search without rounds, also if queried after the rounds."""
    text = SEARCH.replace("LAG", str(lag))
    plain, _ = train(text.replace("{from: 1, to: 4}", "1"), str(tmp_path / "p.db"))
    found, answer = train(text, str(tmp_path / "r.db"))
    assert {key: found[key] for key in plain} == plain
    assert {name for name, _ in found} == {name for name, _ in plain}
    assert len(found) > len(plain) and answer["is_over"]
    proposals = []
    for name in ("r", "p"):
        with open_store_for_writing(str(tmp_path / f"{name}.db")) as store:
            proposals.append(store.proposals(1))
    assert proposals[0] == proposals[1]


def test_it_does_not_matter_how_often_it_is_stopped(tmp_path):
    """A budget stops it between and within rounds; the repeats left are reported."""
    text = grid("{from: 1, to: 4}")
    expected = train(text, str(tmp_path / "a.db"))
    database, told = str(tmp_path / "b.db"), set()
    for _ in range(20):
        found = train(text, database, Spending(Budget(trials=8)))
        with open_store_for_writing(database) as store:
            written = stored_sweep(store, "grid")
            told.add(repeats_to_come(store, written) > 0)
            if not store.progress(written.sweep_id).left and not repeats_to_come(store, written):
                break
    assert found == expected
    assert False in told


def test_more_repeats_can_be_allowed_later(tmp_path):
    """More rounds for a sweep with rounds, or rounds for one with equal repeats. The numbers are the same."""
    expected = train(grid("{from: 2, to: 5}"), str(tmp_path / "a.db"))
    for name, before, flags in (("b", "{from: 2, to: 3}", "5"), ("c", "2", "from=2,to=5")):
        database = str(tmp_path / f"{name}.db")
        train(grid(before), database)
        with open_store_for_writing(database) as store:
            extended = extend_sweep(store, "grid", Flags(repeats=flags))
            assert extended.new == 0, "they are added when it is known who needs them"
            drive(store, extended.written, engine="local", workers=None, on_block=ignore)
            assert found_in(store, extended.written) == expected


def test_new_alternatives_compete_with_what_there_is(tmp_path):
    database = str(tmp_path / "a.db")
    train(grid("{from: 2, to: 4}").replace("[2, 6]", "[2]"), database)
    with open_store_for_writing(database) as store:
        extended = extend_sweep(store, "grid", Flags(hidden=["6"]))
        assert extended.new == 8 * 2
        drive(store, extended.written, engine="local", workers=None, on_block=ignore)
        found, answer = found_in(store, extended.written)
    expected, same = train(grid("{from: 2, to: 4}"), str(tmp_path / "b.db"))
    assert {key: found[key] for key in expected} == expected
    assert answer == same


def test_a_failed_trial_that_is_retried_catches_up(tmp_path):
    expected = train(grid("{from: 2, to: 4}"), str(tmp_path / "a.db"))
    database = str(tmp_path / "b.db")
    with open_store_for_writing(database) as store:
        written = write_sweep(store, prepare_sweep(sweep_from_text(grid("{from: 2, to: 4}"))))
        best = next(row["trial"] for row in store.trials(1) if row["configuration"] == expected[1]["best"])
        store.cancel_trials(1, [best])
        drive(store, written, engine="local", workers=None, on_block=ignore)
        answer = store.rounds_answer(1)
        assert answer["not_compared"] == 1 and expected[1]["best"] not in answer["within_reach"]
        store.retry_trials(1, ["cancelled"])
        drive(store, written, engine="local", workers=None, on_block=ignore)
        found, answer = found_in(store, written)
    assert answer == expected[1]
    assert {key: found[key] for key in expected[0]} == expected[0]
