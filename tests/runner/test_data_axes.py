"""Axes of the data: sweeps in which configurations use the training examples in different ways."""

import statistics

import pytest
import sqlalchemy as sa
from fitgap import open_store, run_sweep
from fitgap.core.floor import floor_of
from fitgap.core.losses import LOSSES
from fitgap.core.preprocessing import encoded_targets
from fitgap.runner.diagnosis import diagnose_sweep, diagnose_trial
from fitgap.runner.driver import stored_sweep
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.retraining import replay
from fitgap.runner.store import open_store as open_rows
from fitgap.runner.store import open_store_for_writing
from support.spec.data_axes import SWEEP

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("axes of the data")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    database = str(tmp_path_factory.mktemp("axes") / "s.db")
    run_sweep(SWEEP, db=database, engine="local", notify=lambda line: None)
    return database


def test_every_trial_says_how_many_examples_it_has_seen(trained):
    with open_store(trained) as store:
        trials = store.trials("less")
    assert len(trials) == 2 * 3 * 2 * 2
    assert set(trials["status"]) == {"completed"}
    assert trials["training_examples"].unique().sort().to_list() == [20, 90, 180]
    assert trials["label_noise"].unique().sort().to_list() == [0.0, 0.25]
    with open_rows(trained) as store:
        for number, expected in zip(trials["trial"], trials["training_examples"], strict=True):
            shown = store.show(number)
            assert (shown["training_count"], shown["validation_count"]) == (expected, 120)


def test_trials_are_filtered_and_compared_by_both_axes(trained):
    with open_store(trained) as store:
        few = store.trials("less", where="training_examples < 100 and label_noise > 0")
        groups = store.compare("less", "training_examples")
        pairs = store.compare("less", ["label_noise"], where="training_examples == 180")
    assert len(few) == 2 * 2 * 2
    assert groups["training_examples"].to_list() == [180, 90, 20]
    # Every configuration has a counterpart with another number of examples in the same repeat.
    assert [pairs for pairs in groups["pairs"] if pairs] == [8, 8]
    assert pairs["label_noise"].to_list() == [0.0, 0.25]


@pytest.mark.parametrize("which", ["training_examples == 20", "label_noise > 0", "training_examples == 90"])
def test_trials_are_replayed_bit_for_bit(trained, which):
    with open_rows(trained) as store:
        (row, *_) = store.trials("less", where=which)
        assert replay(store, row["trial"]).is_equal


def test_a_pack_with_both_gives_the_numbers_of_trials_alone(trained, tmp_path):
    """The pack of the largest sweep and a sweep with this one configuration store the same numbers."""
    alone = {
        **SWEEP,
        "axes": {**SWEEP["axes"], "architecture": [16], "training_examples": [0.5], "label_noise": [0.25]},
    }
    database = str(tmp_path / "alone.db")
    run_sweep(alone, db=database, engine="local", notify=lambda line: None)
    found = {}
    for name in (trained, database):
        with open_store(name) as store:
            where = "training_examples == 90 and label_noise > 0 and architecture == '16'"
            found[name] = store.trials("less", where=where).sort("repeat")
    names = ["configuration", "repeat", "e_t", "e_v", "best_e_v", "honest_e_v", "accuracy_v"]
    assert found[trained].select(names).equals(found[database].select(names))


def test_networks_of_a_subset_are_exported_with_its_scaling(trained):
    with open_rows(trained) as store:
        (row, *_) = store.trials("less", where="training_examples == 20 and label_noise == 0")
        model = model_of_trial(store, row["trial"], at="last").model
        prepared = stored_sweep(store, "less").prepared
    data, split = prepared.dataset, prepared.splits[row["repeat"]]
    errors = model.errors(data.inputs[split.validation], data.targets[split.validation])
    assert errors.mean() == pytest.approx(row["e_v"], rel=1e-5)


def test_verdicts_compare_with_the_best_that_uses_the_same_examples(trained):
    """A configuration with little data is not blamed for having little data."""
    with open_rows(trained) as store:
        rows = store.trials("less")
        groups = {(row["training_examples"], row["label_noise"]) for row in rows}
        for group in groups:
            own = [row for row in rows if (row["training_examples"], row["label_noise"]) == group]
            by_configuration = {row["configuration"]: [] for row in own}
            for row in own:
                by_configuration[row["configuration"]].append(min(row["honest_e_v"], row["e_v"]))
                _, reference = store.fit_with_errors(row["trial"])
                shown = store.show(reference["trial"])
                assert (shown["training_examples"], shown["label_noise"]) == group
                assert shown["repeat"] == row["repeat"]
            assert reference["configuration"] in by_configuration
            # The best configuration has no excess, except in its last epochs.
            assert min(row["excess"] for row in own) < 0.05


def test_the_fit_is_that_of_the_rule_with_the_reference_of_the_peers(trained):
    with open_rows(trained) as store:
        (row, *_) = store.trials("less", where="training_examples == 20 and label_noise == 0 and architecture == '4'")
        fit, reference = store.fit_with_errors(row["trial"])
        assert fit.excess == pytest.approx(row["excess"])
        facts = {each["trial"]: each for each in store.facts([row["trial"]])}
        assert facts[row["trial"]]["training_count"] == 20
        assert facts[row["trial"]]["reference_e_v"] == pytest.approx(store.show(reference["trial"])["honest_e_v"])


def test_the_constant_is_the_best_for_the_labels_that_were_trained_on(trained):
    with open_rows(trained) as store:
        prepared = stored_sweep(store, "less").prepared
        for row in store.trials("less", where="repeat == 2"):
            (configuration,) = [each for each in prepared.configurations if each.hash == row["configuration"]]
            targets = encoded_targets(
                prepared.dataset,
                prepared.preparation_for(configuration),
                prepared.reading,
                prepared.splits[2],
                seed=2,
                repeat=2,
            )
            floor = floor_of(targets, LOSSES["half_squared_error"](), seed=2, repeat=2, measured_examples=None)
            shown = store.show(row["trial"])
            assert (shown["constant_e_t"], shown["constant_e_v"]) == (floor.e_t, floor.e_v)


def test_the_diagnosis_names_the_data_of_a_trial_and_never_advises_more_data(trained):
    with open_store(trained) as store:
        found = store.diagnose("less")
    with open_rows(trained) as store:
        (row, *_) = store.trials("less", where="training_examples == 20 and label_noise > 0")
        assert diagnose_trial(store, row["trial"])["varying"]["training_examples"] == 20
        changes = [
            change["axis"]
            for trouble in diagnose_sweep(store, "less")["troubles"]
            for each in trouble["worst"]
            for cause in each["causes"]
            for change in cause["changes"]
        ]
    assert not {"training_examples", "label_noise"} & set(changes)
    assert found is not None


def test_the_diagnosis_of_the_sweep_says_within_what_verdicts_compare(trained, invoke):
    with open_rows(trained) as store:
        found = diagnose_sweep(store, "less")
        rows = store.trials("less")
        shown = {row["trial"]: store.show(row["trial"]) for row in rows}
    assert found["peer_groups"] == len(found["groups"]) == 6
    page = " ".join(invoke("diagnose", "less", "--db", trained).out.split())
    assert "Verdicts compare configurations with the same training examples and label noise:" in page
    assert page.count("- training examples") == 6
    for group in found["groups"]:
        data = group["training_examples"], group["label_noise"]
        peers = [row for row in rows if (row["training_examples"], row["label_noise"]) == data]
        assert group["configurations"] == len({row["configuration"] for row in peers}) == 2
        assert group["reference"]["configuration"] in {row["configuration"] for row in peers}
        for name in ("constant_e_t", "constant_e_v"):
            assert group[name] == pytest.approx(statistics.fmean(shown[row["trial"]][name] for row in peers))
        assert (
            f"- training examples {data[0]}, label noise {data[1]:g}: best {group['reference']['architecture']}" in page
        )
    # The first group is that of the reference, which the page names first.
    assert found["groups"][0]["reference"]["configuration"] == found["reference"]["configuration"]
    assert found["constant"]["e_v"] == found["groups"][0]["constant_e_v"]
    assert len({group["constant_e_v"] for group in found["groups"]}) > 3


def test_the_constant_is_that_of_the_reference_even_if_no_configuration_uses_all_examples(tmp_path, invoke):
    database = str(tmp_path / "s.db")
    some = {**SWEEP, "axes": {**SWEEP["axes"], "training_examples": [20, 40], "label_noise": [0.4]}}
    run_sweep(some, db=database, engine="local", notify=lambda line: None)
    with open_rows(database) as store:
        found, rows = diagnose_sweep(store, "less"), store.trials("less", where="training_examples == 40")
        shown = [store.show(row["trial"]) for row in rows]
        assert found["reference"]["training_examples"] == 40
        assert found["constant"]["e_t"] == pytest.approx(statistics.fmean(row["constant_e_t"] for row in shown))
        assert found["constant"]["e_v"] == pytest.approx(statistics.fmean(row["constant_e_v"] for row in shown))
        assert store.floor(store.sweep("less")["id"]).e_v == found["constant"]["e_v"]


def test_nothing_was_learned_only_if_nothing_was_in_any_group(tmp_path, invoke):
    """With the first loss, nothing is better than a constant prediction; with the second one, everything is."""
    database = str(tmp_path / "s.db")
    losses = {
        "name": "losses",
        "data": {"source": {"moons": {"noise": 0.05, "examples": 400}}, "validation": 0.5},
        "training": {"epochs": 40},
        "axes": {
            "architecture": [16],
            "loss": ["half_squared_error", "softmax_cross_entropy"],
            "optimizer": ["adam:rate=0.02"],
        },
    }
    run_sweep(losses, db=database, engine="local", notify=lambda line: None)
    with open_store_for_writing(database) as store, store._engine.begin() as connection:
        connection.execute(sa.text("UPDATE sweep SET skill = 'none'"))
        connection.execute(sa.text("UPDATE peer_reference SET skill = 'none' WHERE peers = ''"))
    with open_rows(database) as store:
        found = diagnose_sweep(store, "losses")
        assert [group["skill"] for group in found["groups"]] == ["none", "clear"]
        assert found["constant"]["is_beaten"] and found["constant"]["skill"] == "clear"
    page = " ".join(invoke("diagnose", "losses", "--db", database).out.split())
    assert "no configuration is" not in page
    assert "loss half_squared_error: best 16" in page and "which nothing beats" in page
