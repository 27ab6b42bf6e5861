"""Sweeps with several losses or several scalings of the inputs."""

import json

import pytest
from fitgap import open_store, run_sweep
from fitgap.runner.driver import extend_sweep, stored_sweep
from fitgap.runner.errors import SpecError
from fitgap.runner.holdout import best_trials
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import replay
from fitgap.runner.spec import Flags, Sweep, sweep_from_flags, sweep_from_text
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store import open_store_for_writing

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("losses and scalings")

LOSSES = ["half_squared_error", "softmax_cross_entropy"]
SWEEP = {
    "name": "both",
    "data": "iris",
    "repeats": 2,
    "training": {"epochs": 15},
    "axes": {
        "architecture": [4, 8],
        "optimizer": ["adam:rate=0.02"],
        "loss": LOSSES,
        "preprocess": ["minmax", "standard"],
        "training_examples": [60, "all"],
    },
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("losses") / "s.db")
    run_sweep(SWEEP, db=database, engine="local", notify=lambda line: None)
    return database


def test_verdicts_compare_the_same_loss_whatever_the_scaling(trained):
    with open_rows(trained) as store:
        rows = store.trials("both")
        assert len(rows) == 2 * 2 * 2 * 2 * 2
        references = set()
        for row in rows:
            own = store.show(row["trial"])
            other = store.show(store.fit_with_errors(row["trial"])[1]["trial"])
            assert (other["loss"], other["training_examples"]) == (own["loss"], own["training_examples"])
            assert other["constant_e_v"] == own["constant_e_v"]
            references.add((other["loss"], other["training_examples"], other["configuration"]))
    assert len(references) == 4


def test_the_constant_of_a_cross_entropy_has_its_unit(trained):
    with open_rows(trained) as store:
        found = {}
        for row in store.trials("both", where="training_examples > 60"):
            shown = store.show(row["trial"])
            found[shown["loss"]] = shown["constant_e_v"]
    assert found == pytest.approx({"half_squared_error": 1 / 3, "softmax_cross_entropy": 1.0986}, abs=1e-4)


@pytest.mark.parametrize("where", [f"loss == '{loss}' and preprocess == 'minmax'" for loss in LOSSES])
def test_trials_are_replayed_and_exported_with_their_own_scaling(trained, where):
    with open_rows(trained) as store:
        (row, *_) = store.trials("both", where=where)
        assert replay(store, row["trial"]).is_equal
        model = model_of_trial(store, row["trial"], at="last").model
        prepared = stored_sweep(store, "both").prepared
    data, split = prepared.dataset, prepared.splits[row["repeat"]]
    scaled = model.inputs_transform.apply(data.inputs[split.training])
    # All training examples have at least the range of the subset that the scaling was fitted to.
    assert scaled.min() <= 0
    assert scaled.max() >= 1
    errors = model.errors(data.inputs[split.validation], data.targets[split.validation])
    assert errors.mean() == pytest.approx(row["e_v"], rel=1e-5)


def test_the_leader_of_several_losses_is_the_most_accurate(trained):
    with open_rows(trained) as store:
        sweep_id = store.sweep("both")["id"]
        leaders = store.leaderboard(sweep_id, ["loss"], 20)
        best = best_trials(store, sweep_id)
        accuracies = [row["accuracy_v"] for row in leaders]
        assert accuracies == sorted(accuracies, reverse=True)
        assert {store.show(number)["configuration"] for number in best} <= {
            row["configuration"] for row in leaders if row["accuracy_v"] == accuracies[0]
        }
        measured = store.measured_configurations(sweep_id, 100)
        assert {row["loss"] for row in measured} == {store.reference(sweep_id)["loss"]}


def test_comparing_losses_says_that_their_errors_cannot_be_compared(trained, invoke):
    said = "Errors of different losses cannot be compared. Try --of accuracy_v."
    assert said in invoke("compare", "both", "--by", "loss", "--db", trained).out
    assert said not in invoke("compare", "both", "--by", "loss", "--of", "accuracy_v", "--db", trained).out
    with open_store(trained) as store:
        assert store.compare("both", "preprocess")["preprocess"].sort().to_list() == ["minmax", "standard"]


def test_a_sweep_is_extended_by_a_loss_and_a_scaling(tmp_path):
    database = str(tmp_path / "s.db")
    plain = {**SWEEP, "axes": {"architecture": [4]}, "repeats": 1}
    run_sweep(plain, db=database, engine="local", notify=lambda line: None)
    with open_store_for_writing(database) as store:
        (before,) = store.trials("both")
        assert extend_sweep(store, "both", Flags(loss=["softmax_cross_entropy"], preprocess=["none"])).new == 3
        specification = store.sweep("both")["specification"]
        assert "loss" not in specification["training"]
        assert specification["axes"]["preprocess"] == ["auto", "none"]
        prepared = stored_sweep(store, "both").prepared
        assert before["configuration"] in {each.hash for each in prepared.configurations}
        assert len(prepared.configurations) == 4


def test_a_single_loss_or_scaling_is_stored_where_it_was():
    flags = Flags(data="iris", loss=["softmax_cross_entropy"], preprocess=["minmax"])
    old = Flags(data="iris", loss="softmax_cross_entropy", preprocess="minmax")
    sweep = sweep_from_flags(flags)
    assert sweep == sweep_from_flags(old)
    assert sweep.canonical()["training"]["loss"] == {"softmax_cross_entropy": {}}
    assert not {"loss", "preprocess"} & set(sweep.canonical()["axes"])
    assert sweep.data.preprocess == "minmax"
    assert "preprocess" not in json.dumps(sweep.configurations()[0].canonical())
    as_axis = sweep_from_text("{data: {source: iris, preprocess: minmax}, axes: {loss: softmax_cross_entropy}}")
    assert as_axis.canonical() == {**sweep.canonical(), "name": as_axis.name}


def test_repeated_flags_are_an_axis_and_replace_what_the_file_has(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text("{data: {source: iris, preprocess: minmax}, training: {loss: half_squared_error}}")
    sweep = sweep_from_flags(Flags(file=str(file), loss=LOSSES, preprocess=["none", "standard"]))
    assert [loss.name for loss in sweep.axes["loss"]] == LOSSES
    assert sweep.axes["preprocess"] == ("none", "standard")
    assert sweep.data.preprocess is None
    assert Sweep.from_canonical(sweep.canonical()) == sweep


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{data: {source: iris, preprocess: minmax}, axes: {preprocess: [none]}}", "is also given under data"),
        (
            "{data: iris, axes: {preprocess: [robust]}}",
            "must be one of standard, minmax, none, channel_standard, channel_minmax, auto, but is 'robust'",
        ),
        ("{data: iris, training: {loss: half_squared_error}, axes: {loss: [half_squared_error]}}", "keep one of them"),
        ("{data: sine, axes: {loss: [half_squared_error, softmax_cross_entropy]}}", "needs the outputs"),
        ("{data: iris, axes: {validation: [0.3, 0.5]}}", "cannot be an axis: errors on different validation examples"),
    ],
)
def test_impossible_values_are_refused_with_the_rule(text, message):
    with pytest.raises(SpecError, match=message):
        prepare_sweep(sweep_from_text(text))
