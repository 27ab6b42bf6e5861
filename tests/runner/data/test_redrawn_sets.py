"""Synthetic data that every repeat draws again."""

import json
from dataclasses import replace

import numpy as np
import pytest
from fitgap import open_store, resume_sweep, run_sweep
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.data import fingerprint, named_set
from fitgap.runner.data.synthetic_sets import DRAWN_SETS
from fitgap.runner.driver import extend_sweep
from fitgap.runner.errors import DataError, SpecError, StoreError
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import replay, stored_trial
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.spec.flags import Flags
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store import open_store_for_writing


def prepared(data, rest="repeats: 3"):
    return prepare_sweep(sweep_from_text(f"{{data: {{{data}}}, seed: 4, {rest}}}"))


@pytest.mark.parametrize("name", DRAWN_SETS)
def test_every_draw_has_other_examples_of_the_same_kind(name):
    source = DRAWN_SETS[name]()
    first, second = source.load(3), source.load(3, 1)
    assert first.inputs.shape == second.inputs.shape
    assert not np.array_equal(first.inputs, second.inputs)
    assert (first.class_names, first.input_names) == (second.class_names, second.input_names)
    assert np.array_equal(source.load(3, 1).inputs, second.inputs)
    assert np.array_equal(source.load(3, 0).inputs, first.inputs)


def test_the_first_repeat_has_the_data_that_it_has_without_resampling():
    plain, redrawn = prepared("source: sine"), prepared("source: sine, resample: data")
    one, other = (sweep_plan(each).splits for each in (plain, redrawn))
    assert [row["fingerprint"] is None for row in other] == [True, False, False]
    assert one[0] == other[0]
    assert one[1]["preprocessing"] != other[1]["preprocessing"]
    assert redrawn.dataset.of_repeat(1).inputs.tolist() == plain.dataset.inputs.tolist()


def test_every_split_row_is_learned_from_the_draw_of_its_repeat():
    sweep = prepared("source: moons, resample: data")
    for row in sweep_plan(sweep).splits:
        examples = prepare_examples(
            sweep.dataset, sweep.preparation, sweep.reading, seed=4, repeat=row["repeat"], dtype="float64"
        )
        assert row["preprocessing"]["input_shift"] == examples.inputs_transform.shift.tolist()
        draw = DRAWN_SETS["moons"]().load(4, row["repeat"] - 1)
        used = examples.inputs_transform.apply(draw.inputs[sweep.splits[row["repeat"]].training])
        assert used.tolist() == examples.training_inputs.tolist()


def test_folds_of_one_order_share_their_examples():
    sweep = prepared("source: moons, resample: data, validation: 2-fold", "repeats: 2")
    draws = [sweep.dataset.of_repeat(repeat).inputs.tolist() for repeat in range(1, 5)]
    assert draws[0] == draws[1] != draws[2] == draws[3]
    for first in (1, 3):
        validating = np.concatenate([sweep.splits[repeat].validation for repeat in (first, first + 1)])
        assert sorted(validating) == list(range(200))


@pytest.mark.parametrize("engine", ["local", "auto"])
def test_repeats_include_the_luck_of_the_data(tmp_path, engine):
    database = str(tmp_path / "s.db")
    sweep = {
        "name": "drawn",
        "data": {"source": {"sine": {"examples": 60}}, "resample": "data"},
        "repeats": 3,
        "training": {"epochs": 4},
        "axes": {"architecture": [3], "activation": ["tanh"], "training_examples": [10, "all"]},
    }
    run_sweep(sweep, db=database, engine=engine, workers=2, notify=lambda line: None)
    with open_store_for_writing(database) as store:
        rows = store.trials("drawn")
        assert {row["status"] for row in rows} == {"completed"}
        assert all(replay(store, row["trial"]).is_equal for row in rows[-2:])
        for row in rows[-2:]:
            model = model_of_trial(store, row["trial"], at="last").model
            trial, found = stored_trial(store, store.show(row["trial"]))
            data, split = found.dataset.of_repeat(trial.repeat), found.splits[trial.repeat]
            errors = model.errors(data.inputs[split.validation], data.targets[split.validation])
            assert errors.mean() == pytest.approx(row["e_v"], rel=1e-5)
        assert extend_sweep(store, "drawn", Flags(repeats=4)).new == 2
    resume_sweep("drawn", db=database, engine=engine, workers=2)
    with open_rows(database) as store:
        assert len({row["e_v"] for row in store.trials("drawn")}) == 8
    with open_store(database) as store:
        assert len(store.trials("drawn")) == 8


SMALL = {
    "name": "drawn",
    "data": {"source": {"sine": {"examples": 40}}, "resample": "data"},
    "repeats": 3,
    "training": {"epochs": 2},
    "axes": {"architecture": [3]},
}


def test_the_fingerprints_of_all_draws_are_kept_and_checked(tmp_path, monkeypatch):
    """As if another version drew other examples for repeat 3."""
    database = str(tmp_path / "s.db")
    run_sweep(SMALL, db=database, engine="local", notify=lambda line: None)
    original = DRAWN_SETS["sine"].load
    with open_store_for_writing(database) as store:
        found = store.draw_fingerprints(store.sweep("drawn")["id"])
        expected = {repeat: fingerprint(original(DRAWN_SETS["sine"](examples=40), 0, repeat - 1)) for repeat in (2, 3)}
        assert found == expected and len(set(found.values())) == 2
        extend_sweep(store, "drawn", Flags(repeats=4))
        assert store.draw_fingerprints(store.sweep("drawn")["id"]).keys() == {2, 3, 4}
        named_set.drawn.cache_clear()

        def otherwise(source, seed, draw=0):
            dataset = original(source, seed, draw)
            return replace(dataset, targets=dataset.targets + 1e-9) if draw == 2 else dataset

        monkeypatch.setattr(DRAWN_SETS["sine"], "load", otherwise)
        with pytest.raises(DataError, match="sine draws different examples for repeat 3 than when sweep drawn began"):
            extend_sweep(store, "drawn", Flags(epochs="3"))
        (second, third) = (store.trials("drawn", where=f"repeat == {repeat}")[0]["trial"] for repeat in (2, 3))
        assert replay(store, second).is_equal
        with pytest.raises(StoreError, match="the data set sine has changed"):
            replay(store, third)
    named_set.drawn.cache_clear()


def test_a_sweep_with_draws_is_not_compared_with_one_without(tmp_path):
    """The first draw of both is the same, so their data sets have the same fingerprint."""
    database = str(tmp_path / "s.db")
    plain = {**SMALL, "name": "plain", "data": {"source": SMALL["data"]["source"]}}
    for sweep in (SMALL, plain):
        run_sweep(sweep, db=database, engine="local", notify=lambda line: None)
    with open_rows(database) as store, pytest.raises(StoreError, match="because their resample differs"):
        store.compare(["drawn", "plain"], ["sweep"])


def test_a_stored_sweep_without_it_is_what_it_was():
    sweep = sweep_from_text("{data: {source: sine, resample: split}}")
    assert sweep == sweep_from_text("{data: sine}")
    assert "resample" not in json.dumps(sweep.canonical())
    assert sweep_from_text("{data: {source: sine, resample: data}}").canonical()["data"]["resample"] == "data"


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("source: iris, resample: data", DataError, "draws the examples of every repeat anew, but those of iris are"),
        ("source: xor, resample: data", DataError, "but those of xor are fixed; leave it out, or use one of sine"),
        ("source: new.csv, target: y, resample: data", DataError, "but those of new.csv are fixed"),
        ("source: sine, resample: data, test: 0.2", DataError, "so none can be kept for a test; leave out test"),
        ("source: sine, resample: everything", SpecError, "must be one of split, data, but is 'everything'"),
    ],
)
def test_what_cannot_be_drawn_anew_is_refused(data, error, message):
    with pytest.raises(error, match=message):
        prepared(data)
