"""Sweeps of recurrent networks from the command line: trained, resumed, queried, replayed and exported."""

import json
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.fit_facts import Cause, FoundCause
from fitgap.core.fit_remedies import Remedy
from fitgap.runner.diagnosis.changes import changes_for
from fitgap.runner.diagnosis.facts import names_of_functions
from fitgap.runner.spec import sweep_from_mapping

SWEEP = """\
name: sums
data: {source: {adding: {examples: 60, length: 6}}}
repeats: 2
training: {epochs: 3, batch_size: 16, keep: state}
axes:
  architecture: [rnn4, "gru3-lstm5-2", {lstm: {units: 4, outputs: all, forget: 0}}, "conv4x3-gru3-globalpool", 5]
  activation: [relu/tanh]
"""


@pytest.fixture
def trained(invoke, own_folder):
    (own_folder / "sums.yaml").write_text(SWEEP)
    assert invoke("run", "sums.yaml", "--engine", "local").code == 0
    return own_folder


def rows_of(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def trials(invoke, where):
    return rows_of(invoke("trials", "sums", "--where", where, "--format", "json"))


def test_trials_are_found_by_their_layers(invoke, trained):
    counts = {
        "architecture.recurrent == 1": 6,
        "architecture.recurrent == 2": 2,
        "architecture.recurrent == 0": 2,
        "architecture.depth == 3": 2,
        "architecture.width == 4": 6,
        "architecture like 'lstm*'": 2,
    }
    for where, count in counts.items():
        assert len(trials(invoke, where)) == count, where
    stacked = trials(invoke, "architecture.depth == 3")[0]
    assert stacked["architecture"] == "gru3-lstm5-2"
    assert stacked["layers"] == "6x2-gru3:outputs=all-lstm5-2-1"
    assert stacked["parameters"] == 3 * 3 * (2 + 3) + 4 * 3 + 4 * 5 * (3 + 5) + 4 * 5 + 2 * 5 + 2 + 2 + 1
    plain = trials(invoke, "architecture == 'rnn4'")[0]
    assert (plain["layers"], plain["parameters"]) == ("6x2-rnn4-1", 4 * (2 + 4) + 4 + 4 + 1)


def test_answers_are_given_for_layers_with_units(invoke, trained):
    first = trials(invoke, "architecture like 'conv*'")[0]["trial"]
    layers = rows_of(invoke("layers", first, "--format", "json"))
    assert [(row["layer"], row["units"], row["weights"]) for row in layers] == [(1, 4, 24), (2, 3, 63), (3, 1, 3)]
    assert invoke("diagnose", "sums").code == invoke("diagnose", first).code == 0
    groups = rows_of(invoke("compare", "sums", "--by", "architecture.recurrent", "--format", "json"))
    assert {group["architecture.recurrent"] for group in groups} == {0, 1, 2}


def test_epochs_are_repeated_and_continued_bit_for_bit(invoke, trained):
    for where in ("architecture == 'rnn4'", "architecture.recurrent == 2"):
        assert "equal bit for bit" in invoke("replay", trials(invoke, where)[0]["trial"]).out
    (trained / "longer.yaml").write_text(SWEEP.replace("sums", "longer").replace("epochs: 3", "epochs: 5"))
    assert invoke("run", "longer.yaml", "--engine", "local").code == 0
    assert invoke("extend", "sums", "--epochs", "5", "--engine", "local").code == 0

    def errors(sweep):
        rows = rows_of(invoke("trials", sweep, "--where", "planned_epochs == 5", "--format", "json"))
        return sorted((row["architecture"], row["repeat"], row["e_t"], row["e_v"]) for row in rows)

    assert errors("sums") == errors("longer")


def test_networks_are_exported_and_predict(invoke, trained):
    number = trials(invoke, "architecture.recurrent == 2")[0]["trial"]
    np.savez("new.npz", inputs=np.random.default_rng(1).random((7, 6, 2)))
    answers = [rows_of(invoke("predict", number, "new.npz", "--format", "json"))]
    assert invoke("export", number, "-o", "model.npz").code == invoke("export", number, "-o", "model.onnx").code == 0
    answers.append(rows_of(invoke("predict", "model.npz", "new.npz", "--format", "json")))
    assert answers[0] == answers[1] and len(answers[0]) == 7


@pytest.mark.parametrize(
    ("data", "hidden", "words"),
    [
        ("digits", "gru8", "layer 1 (gru8): needs inputs with the axes (steps, channels), but gets 8x8x1"),
        ("digits", "gru8", "to go through the rows one by one, write shape: [8, 8] under data"),
        ("iris", "rnn8", "how the 4 inputs are arranged, with shape under data, such as shape: [steps, channels]\n"),
        ("iris", "conv8", "such as shape: [steps, channels] or, for images, shape: [height, width, channels]"),
        (
            "iris",
            "rnn8",
            "layer 1 (rnn8): needs inputs with the axes (steps, channels), but gets 4 values without axes",
        ),
        ("adding", "16-lstm8", "layer 2 (lstm8): needs inputs with the axes (steps, channels), but gets 16 values"),
    ],
)
def test_layers_that_do_not_fit_are_named(data, hidden, words, invoke, own_folder):
    answer = invoke("run", "--data", data, "--hidden", hidden, "--dry-run")
    assert answer.code == 2 and words in answer.err


def test_functions_that_no_layer_has_are_no_obstacle(invoke, own_folder):
    """Functions of gates are fixed, so an activation function without a derivative matters only to other layers."""
    Path("s.yaml").write_text(json.dumps({"data": {"source": "adding"}, "axes": {"architecture": ["gru3"]}}))
    assert invoke("run", "s.yaml", "--activation", "threshold", "--dry-run").code == 0
    answer = invoke("run", "s.yaml", "--hidden", "rnn3", "--activation", "threshold", "--dry-run")
    assert answer.code == 2 and "threshold has derivative 0 almost everywhere" in answer.err
    answer = invoke("run", "s.yaml", "--optimizer", "perceptron", "--dry-run")
    assert answer.code == 2 and "the perceptron rule trains networks without hidden layers" in answer.err


@pytest.mark.parametrize(("architecture", "is_advised"), [("rnn4", True), ("4", False)])
def test_clipping_is_advised_where_gradients_go_through_many_steps(architecture, is_advised, invoke, own_folder):
    """For recurrent networks that diverge; for others, only a lower rate is."""
    optimizers = [{"gradient_descent": {"rate": 1e4, "clip": clip}} for clip in (0, 1)]
    axes = {"architecture": [architecture], "activation": ["relu"], "optimizer": optimizers}
    training = {"epochs": 2, "batch_size": 8}
    sweep = {"name": "wild", "data": {"source": "adding"}, "repeats": 1, "training": training, "axes": axes}
    Path("s.yaml").write_text(json.dumps(sweep))
    assert invoke("run", "s.yaml", "--engine", "local").code == 0
    (diverged,) = rows_of(invoke("diagnose", "wild", "--format", "json"))["outcomes"]
    assert diverged["trials"] == 1 and "a lower learning rate" in diverged["advice"]
    assert ("clip=1" in diverged["advice"]) == is_advised
    for where in ("optimizer.clip == 0", "optimizer.clip == 1"):
        assert len(rows_of(invoke("trials", "wild", "--where", where, "--format", "json"))) == 1


def test_no_other_functions_are_advised_for_gates():
    settings = {"data": {"source": "adding"}, "axes": {"architecture": ["gru3", "rnn3", "gru3-4"]}}
    configurations = {each.architecture_label: each for each in sweep_from_mapping(settings).configurations()}
    found = FoundCause(Cause.DEAD_UNITS, 0.5, "half of the units are dead", (Remedy.RECTIFIER,))
    advised = {label: bool(changes_for(found, each)) for label, each in configurations.items()}
    assert advised == {"gru3": False, "rnn3": True, "gru3-4": True}
    assert names_of_functions(configurations["gru3"]) == {"gates"}
    assert "gates" not in names_of_functions(configurations["rnn3"])
