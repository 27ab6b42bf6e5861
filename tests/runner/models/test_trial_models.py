"""Networks from the store: of the right epoch, bit for bit, and only for trials that have one."""

import sqlite3

import numpy as np
import pytest
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.driver import write_sweep
from fitgap.runner.errors import DataError, StoreError
from fitgap.runner.models.model_files import save_model
from fitgap.runner.models.predictions import predictions
from fitgap.runner.models.trial_models import model_of_trial
from fitgap.runner.planning.packs import PlannedTrial
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.retraining import retrain
from fitgap.runner.spec import Configuration, sweep_from_text
from fitgap.runner.store import open_store
from fitgap.runner.store.database.blobs import packed
from support.models.plain_networks import plain_forward, read_file
from support.models.sweeps_of_models import ANIMALS, HOUSES, animals, train_sweep
from support.sampling import every, per_commit

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("models")


def error_and_accuracy(named, prepared, repeat, tmp_path):
    """E_v and its accuracy or R², computed from the model file and the validation examples as in training."""
    save_model(named, tmp_path / "again.npz")
    arrays, told = read_file(tmp_path / "again.npz")
    sweep = prepared.sweep
    examples = prepare_examples(
        prepared.dataset, prepared.preparation, prepared.reading, seed=sweep.seed, repeat=repeat, dtype="float64"
    )
    outputs = np.array([plain_forward(arrays, told, example) for example in examples.validation_inputs])
    targets = examples.validation_targets
    if told["loss"] == "softmax_cross_entropy":
        powers = np.exp(outputs)
        outputs = powers / powers.sum(axis=1, keepdims=True)
        errors = -np.log((outputs * targets).sum(axis=1))
    elif told["loss"] == "sigmoid_cross_entropy":
        outputs = 1 / (1 + np.exp(-outputs))
        errors = -np.log(np.where(targets == 1, outputs, 1 - outputs)).sum(axis=1)
    else:
        errors = ((outputs - targets) ** 2).sum(axis=1) / 2
    if not told["class_names"]:
        return errors.mean(), 1 - 2 * errors.sum() / ((targets - targets.mean(axis=0)) ** 2).sum()
    answers, right = (named.model.reading.read(values, len(told["class_names"])) for values in (outputs, targets))
    return errors.mean(), np.mean(answers == right)


LONGER = {
    "overfitting": f"""
{HOUSES}
repeats: 2
training: {{epochs: 25}}
axes: {{architecture: 20, activation: [tanh, "silu:learn=beta/tanh"], optimizer: ["adam:rate=0.3", "adam:rate=0.01"]}}
""",
    "classes": """
data: {source: animals.csv, target: kind, validation: 4-fold}
training: {epochs: 20, loss: softmax_cross_entropy, stopping: "no_improvement:epochs=2"}
axes: {architecture: 12, optimizer: ["adam:rate=0.3"], regularizer: [none, "dropout:ratio=0.4"]}
""",
    "made examples": f"""
{ANIMALS}
training: {{epochs: 15, outputs: "unrecognized:share=0.5"}}
axes: {{architecture: 12, optimizer: ["adam:rate=0.3", "adam:rate=3"]}}
""",
    "sigmoid": """
data: {source: pets.csv, target: tame}
training: {epochs: 10, outputs: zero_one, loss: sigmoid_cross_entropy, dtype: float64}
axes: {architecture: 12, optimizer: ["adam:rate=0.5"]}
""",
}


@pytest.mark.parametrize("name", every(2, LONGER))
def test_a_network_has_the_errors_of_its_epoch(name, folder, tmp_path, run):
    store, prepared = run(folder, LONGER[name], tmp_path / "x.db")
    trials = store.trials("sweep")
    assert {trial["status"] for trial in trials} == {"completed"}
    assert any(trial["best_epoch"] < trial["epochs"] for trial in trials), "best and last should differ somewhere"
    for trial in trials:
        epochs = {row["epoch"]: row for row in store.epochs([trial["trial"]])}
        for at, epoch in (("best", trial["best_epoch"]), ("last", trial["epochs"])):
            named = model_of_trial(store, trial["trial"], at=at)
            e_v, accuracy = error_and_accuracy(named, prepared, trial["repeat"], tmp_path)
            assert e_v == pytest.approx(epochs[epoch]["e_v"], rel=2e-5, abs=1e-6)
            assert accuracy == pytest.approx(epochs[epoch]["accuracy_v"], rel=2e-5, abs=1e-6)
        assert trial["e_v"] == epochs[trial["epochs"]]["e_v"]
        assert trial["best_e_v"] == epochs[trial["best_epoch"]]["e_v"] == min(row["e_v"] for row in epochs.values())


KEEPING = """
data: {{source: animals.csv, target: kind}}
repeats: 2
training: {{epochs: 8, keep: {keep}, stopping: "no_improvement:epochs=3"}}
axes:
  architecture: [6, 9-4]
  regularizer: [none, {{l2: {{weight: 0.01}}, dropout: {{ratio: 0.3}}}}]
  optimizer: ["adam:rate=0.1", "momentum:rate=0.5"]
  # The last axis changes fastest: packs then hold members with one and with two functions in a layer.
  activation: [relu, "silu:learn=beta+gamma+tanh", "mish:beta=0.5/prelu"]
"""


@pytest.mark.parametrize("keep", per_commit(["best"], ["best", "last"]))
def test_kept_parameters_are_those_of_training_again(keep, folder, tmp_path, run):
    store, prepared = run(folder, KEEPING.format(keep=keep), tmp_path / "x.db")
    trials = store.trials("sweep")
    assert len(trials) == 48
    for row in trials:
        epoch, other = (row["best_epoch"], row["epochs"])[:: 1 if keep == "best" else -1]
        settings = store.show(row["trial"])["settings"]
        trial = PlannedTrial(row["trial"], Configuration.from_canonical(settings), row["repeat"])
        kept = store.kept_parameters(row["trial"], epoch)
        assert kept.dtype == np.float32
        assert np.array_equal(kept, retrain(trial, prepared, epoch))
        assert other == epoch or store.kept_parameters(row["trial"], other) is None


def test_nothing_is_kept_unless_asked_for(trained):
    store, _ = trained("filled")
    assert all(store.kept_parameters(1, epoch) is None for epoch in range(1, 7))


def test_what_was_kept_is_used(folder, tmp_path, monkeypatch, run):
    store, _ = run(folder, f"{ANIMALS}\ntraining: {{epochs: 3, keep: best}}", tmp_path / "x.db")

    def never(*arguments):
        raise AssertionError("trained again")

    monkeypatch.setattr("fitgap.runner.models.trial_models.retrain", never)
    assert model_of_trial(store, 1, at="best").class_names == ("ant", "bee", "cat")
    if store.show(1)["best_epoch"] != 3:
        with pytest.raises(AssertionError, match="trained again"):
            model_of_trial(store, 1, at="last")


def test_a_changed_data_file_is_refused(tmp_path, run):
    animals(tmp_path)
    store, _ = run(tmp_path, f"{ANIMALS}\ntraining: {{epochs: 2, keep: best}}", tmp_path / "x.db")
    original = (tmp_path / "animals.csv").read_text()
    (tmp_path / "animals.csv").write_text(original.replace("cat", "dog"))
    with pytest.raises(StoreError, match=r"animals\.csv has changed since trial 1 was trained; restore the old one"):
        model_of_trial(store, 1, at="best")
    (tmp_path / "animals.csv").unlink()
    with pytest.raises(DataError, match=r"animals\.csv: there is no such file"):
        model_of_trial(store, 1, at="best")
    (tmp_path / "animals.csv").write_text(original)
    assert model_of_trial(store, 1, at="best")


@pytest.fixture(scope="module")
def diverging(folder):
    """Trial 1 diverges at once, trial 2 after some good epochs, and trial 3 is pending."""
    rates = "{architecture: 8, optimizer: {gradient_descent: {rate: [1.0e+30, 2]}}}"
    store, _ = train_sweep(folder, f"{ANIMALS}\ntraining: {{epochs: 200}}\naxes: {rates}", folder / "diverging.db")
    write_sweep(store, prepare_sweep(sweep_from_text(ANIMALS, str(folder / "waiting.yaml"))))
    yield store
    store.close()


def test_trials_without_a_network(diverging):
    rows = {row["trial"]: row for name in (1, 2) for row in diverging.trials(name)}
    assert [rows[trial]["status"] for trial in (1, 2, 3)] == ["diverged", "diverged", "pending"]
    assert rows[1]["best_epoch"] is None and rows[2]["best_epoch"]
    for trial, at, status in ((1, "best", "diverged"), (1, "last", "diverged"), (2, "last", "diverged")):
        with pytest.raises(StoreError, match=f"trial {trial} is {status} and has no usable network after its {at}"):
            model_of_trial(diverging, trial, at=at)
    for at in ("best", "last"):
        with pytest.raises(StoreError, match="trial 3 is pending and has no usable network"):
            model_of_trial(diverging, 3, at=at)
    with pytest.raises(StoreError, match="there is no trial 99; the highest number is 3"):
        model_of_trial(diverging, 99, at="best")


def test_a_diverged_trial_has_its_best_epoch(diverging, trained):
    _, prepared = trained("softmax")
    answers = predictions(model_of_trial(diverging, 2, at="best"), prepared.dataset.inputs)
    assert {row["kind"] for row in answers} <= {"ant", "bee", "cat"}


def test_asking_does_not_write(folder, trained):
    trained("filled")
    path = folder / "filled.db"
    before = path.read_bytes()
    with open_store(str(path)) as store:
        model_of_trial(store, 1, at="last")
    assert path.read_bytes() == before


def test_a_stored_network_that_does_not_fit_its_layers_is_refused_in_one_line(folder, tmp_path, run):
    store, _ = run(folder, KEEPING.format(keep="last"), tmp_path / "x.db")
    connection = sqlite3.connect(tmp_path / "x.db")
    with connection:
        connection.execute("UPDATE snapshot SET content = ?", [packed({"parameters": np.zeros(3, np.float32)})])
    connection.close()
    with pytest.raises(
        StoreError, match=r"its layers need \d+ parameters, but the stored network has 3; the database is damaged"
    ):
        model_of_trial(store, store.trials("sweep")[0]["trial"], at="last")
