"""Axes of the data: how they are read, planned, packed, extended and deleted."""

import json

import pytest
import sqlalchemy as sa
from fitgap import resume_sweep, run_sweep
from fitgap.core.datasets import split_examples
from fitgap.runner.driver import extend_sweep
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.packs import pack_trials, planned_trials
from fitgap.runner.planning.plan import sweep_plan
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import replay
from fitgap.runner.spec import Flags, Sweep, sweep_from_flags, sweep_from_text
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store import open_store_for_writing
from support.spec.data_axes import SWEEP


def test_validation_examples_are_the_same_for_all():
    prepared = prepare_sweep(Sweep.from_canonical(SWEEP))
    for task in pack_trials(planned_trials(prepared), prepared, workers=1):
        assert task.preparation in {prepared.preparation_for(each) for each in prepared.configurations}
        for member in task.members:
            split = split_examples(prepared.dataset, task.preparation.division, seed=member.seed, repeat=member.repeat)
            assert split.validation.tolist() == prepared.splits[member.repeat].validation.tolist()


def test_a_sweep_is_extended_by_values_of_both_axes(tmp_path):
    database = str(tmp_path / "s.db")
    plain = {**SWEEP, "axes": {"architecture": [4], "optimizer": ["adam:rate=0.02"]}}
    run_sweep(plain, db=database, engine="local", notify=lambda line: None)
    with open_store_for_writing(database) as store:
        before = store.trials("less")
        extended = extend_sweep(store, "less", Flags(training_examples=["30"], label_noise=["0.5"]))
        assert extended.new == 3 * 2
    resume_sweep("less", db=database, engine="local")
    with open_store_for_writing(database) as store:
        rows = store.trials("less")
        known = [row for row in rows if row["trial"] in {each["trial"] for each in before}]
        names = ("e_t", "e_v", "honest_e_v", "configuration", "excess", "training_examples")
        assert [[row[name] for name in names] for row in known] == [[row[name] for name in names] for row in before]
        assert {(row["training_examples"], row["label_noise"]) for row in rows} == {
            (180, 0), (180, 0.5), (30, 0), (30, 0.5)
        }  # fmt: skip
        # The new repeat has another split in all variants.
        extend_sweep(store, "less", Flags(repeats=3))
    resume_sweep("less", db=database, engine="local")
    with open_rows(database) as store:
        added = store.trials("less", where="repeat == 3")
        assert [row["status"] for row in added] == ["completed"] * 4
        assert {store.show(row["trial"])["training_count"] for row in added} == {30, 180}
        assert replay(store, added[-1]["trial"]).is_equal


def test_a_stored_sweep_without_these_axes_is_what_it_was():
    prepared = prepare_sweep(sweep_from_text("{data: iris, axes: {architecture: [4]}}"))
    plan = sweep_plan(prepared)
    assert "training_examples" not in json.dumps(plan.specification)
    assert plan.variants == []
    (row,) = plan.configurations
    assert "label_noise" not in row["settings"]
    assert row["variant"] is row["peers"] is None
    # The same hash as in version 0.1.0.
    assert row["hash"] == "a71bd7ff4119a396"


def test_all_examples_and_no_noise_are_the_plain_configuration():
    plain = sweep_from_text("{data: iris, axes: {architecture: [4]}}")
    same = sweep_from_text("{data: iris, axes: {architecture: [4], training_examples: [1.0], label_noise: [0]}}")
    assert same.configurations() == plain.configurations()
    assert same.canonical() == plain.canonical()


def test_both_are_read_from_flags_and_from_the_training_section():
    flags = Flags(data="iris", training_examples=["20", "0.5", "1.0"], label_noise=["0.1"])
    axes = sweep_from_flags(flags).axes
    assert (axes["training_examples"], axes["label_noise"]) == ((20, 0.5, None), (0.1,))
    written = sweep_from_text("{data: iris, training: {training_examples: 0.5, label_noise: 0.1}}")
    assert (written.axes["training_examples"], written.axes["label_noise"]) == ((0.5,), (0.1,))
    assert Sweep.from_canonical(written.canonical()) == written


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (
            {"training_examples": [106]},
            "106 of 105 training examples cannot be used; choose at least 1",
        ),
        (
            {"training_examples": [0.001]},
            "0.001 of 105 training examples is less than one; choose at least 1 and at most 105",
        ),
        ({"training_examples": [0]}, "must be a whole number of training examples, a share"),
        ({"training_examples": [1.5]}, "must be a whole number of training examples, a share"),
        ({"training_examples": [True]}, "must be a whole number of training examples, a share"),
        ({"training_examples": ["some"]}, "must be a whole number of training examples, a share"),
        ({"label_noise": [1.1]}, "must be a share of the training labels, at least 0, at most 1, but is 1.1"),
        ({"label_noise": ["much"]}, "must be a share of the training labels"),
        ({"label_noise": [float("nan")]}, "must be a share of the training labels"),
    ],
)
def test_impossible_values_are_refused_with_the_rule(axes, message):
    with pytest.raises(SpecError, match=message.replace("(", r"\(")):
        prepare_sweep(Sweep.from_canonical({"data": {"source": "iris"}, "axes": axes}))


def test_numbers_have_no_label_noise():
    with pytest.raises(SpecError, match="label_noise: replaces classes by other classes, but the targets are numbers"):
        prepare_sweep(sweep_from_text("{data: sine, axes: {label_noise: [0, 0.1]}}"))


@pytest.mark.parametrize("repeat", [1, 2, 3])
def test_folds_that_differ_by_an_example_are_packed_apart(repeat):
    text = "{data: {source: iris, validation: 4-fold}, axes: {training_examples: [0.9], architecture: [2, 3]}}"
    prepared = prepare_sweep(sweep_from_text(text))
    for task in pack_trials(planned_trials(prepared), prepared, workers=1):
        assert len({len(prepared.splits[member.repeat].training) for member in task.members}) == 1


def test_deleting_a_sweep_deletes_its_variants(tmp_path):
    database = str(tmp_path / "s.db")
    run_sweep({**SWEEP, "repeats": 1}, db=database, engine="local", notify=lambda line: None)
    with open_store_for_writing(database) as store:
        store.delete(["less"])
        with store._engine.connect() as connection:
            for table in ("split_variant", "peer_reference"):
                assert connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
