"""Sweeps of convolutional networks from the command line: trained, resumed, queried, replayed and exported."""

import json
from pathlib import Path

import numpy as np
import pytest

SWEEP = """\
name: motifs
data: {source: {motif: {examples: 90, length: 9}}, preprocess: channel_standard}
repeats: 2
training: {epochs: 3, batch_size: 16, loss: softmax_cross_entropy, keep: state}
axes:
  architecture: ["conv4x3-pool2", "conv3x2:padding=same-globalpool-3", 5]
  activation: [relu/tanh]
"""


@pytest.fixture
def trained(invoke, own_folder):
    (own_folder / "motifs.yaml").write_text(SWEEP)
    assert invoke("run", "motifs.yaml", "--engine", "local").code == 0
    return own_folder


def rows_of(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_trials_are_found_by_their_layers(invoke, trained):
    def trials(where):
        return {row["trial"] for row in rows_of(invoke("trials", "motifs", "--where", where, "--format", "json"))}

    convolutions = {"architecture.conv == 1": 4, "architecture.conv == 0": 2}
    depths = {"architecture.depth == 1": 4, "architecture.depth == 2": 2, "architecture.width == 4": 2}
    widths = {"architecture.width == 3": 2, "architecture.width < 5": 4, "architecture like 'conv*'": 4}
    for where, count in (convolutions | depths | widths).items():
        assert len(trials(where)) == count, where
    row = rows_of(invoke("trials", "motifs", "--where", "architecture.width == 3", "--format", "json"))[0]
    assert row["architecture"] == "conv3x2:padding=same-globalpool-3"
    assert row["layers"] == "9x4-conv3x2:padding=same-globalpool-3-2"
    assert row["parameters"] == 3 * 8 + 3 + 3 * 3 + 3 + 2 * 3 + 2


def test_answers_are_given_for_layers_with_units(invoke, trained):
    first = rows_of(invoke("trials", "motifs", "--where", "architecture.width == 3", "--format", "json"))[0]["trial"]
    layers = rows_of(invoke("layers", first, "--format", "json"))
    assert [(row["layer"], row["units"], row["weights"]) for row in layers] == [(1, 3, 24), (2, 3, 9), (3, 2, 6)]
    assert [row["name"] for row in layers] == ["conv3x2:padding=same", "dense 3", "output"]
    assert invoke("diagnose", "motifs").code == invoke("diagnose", first).code == 0
    groups = rows_of(invoke("compare", "motifs", "--by", "architecture.depth", "--format", "json"))
    assert {group["architecture.depth"] for group in groups} == {1, 2}


def test_epochs_are_repeated_and_continued_bit_for_bit(invoke, trained):
    assert "equal bit for bit" in invoke("replay", 1).out
    (trained / "longer.yaml").write_text(SWEEP.replace("motifs", "longer").replace("epochs: 3", "epochs: 5"))
    assert invoke("run", "longer.yaml", "--engine", "local").code == 0
    assert invoke("extend", "motifs", "--epochs", "5", "--engine", "local").code == 0

    def errors(sweep):
        rows = rows_of(invoke("trials", sweep, "--where", "planned_epochs == 5", "--format", "json"))
        return sorted((row["architecture"], row["repeat"], row["e_t"], row["e_v"]) for row in rows)

    assert errors("motifs") == errors("longer")


@pytest.mark.parametrize("name", ["model.npz", "model.onnx"])
def test_networks_are_exported(name, invoke, trained):
    assert invoke("export", 1, "-o", name).code == 0
    assert (trained / name).stat().st_size > 500


def test_layers_that_do_not_fit_are_named(invoke, own_folder):
    answer = invoke("run", "--data", "digits", "--hidden", "conv8x3-pool7-32", "--dry-run")
    assert answer.code == 2
    assert "conv8x3-pool7-32 does not fit digits: layer 2 (pool7): a window of 7 does not fit into 6x6x8" in answer.err
    answer = invoke("run", "--data", "iris", "--hidden", "conv8x3", "--dry-run")
    assert "layer 1 (conv8x3): needs inputs with the axes (steps, channels)" in answer.err
    assert "but gets 4 values without axes; say how the 4 inputs are arranged, with shape under data" in answer.err
    answer = invoke("run", "--data", "digits", "--hidden", "32-conv8x3", "--dry-run")
    assert "layer 2 (conv8x3)" in answer.err and answer.err.endswith("; put dense layers last\n")


@pytest.mark.parametrize("axes", [(7, 2), (4, 5, 1)])
def test_arrays_with_axes_are_trained_on_and_predicted(axes, invoke, own_folder):
    rng = np.random.default_rng(3)
    inputs, targets = rng.normal(size=(40, *axes)), rng.integers(2, size=40)
    np.savez("axes.npz", inputs=inputs, targets=targets)
    np.savez("flat.npz", inputs=inputs.reshape(40, -1), targets=targets)
    training = {"epochs": 2, "batch_size": 8, "keep": "last"}
    plain = {"repeats": 1, "training": training, "axes": {"architecture": ["conv3x2-pool2"]}}
    for name, shape in {"axes": {}, "flat": {"shape": list(axes)}}.items():
        data = {"source": f"{name}.npz", "target_kind": "classes", **shape}
        Path(f"{name}.yaml").write_text(json.dumps({"name": name, "data": data, **plain}))
        answer = invoke("run", f"{name}.yaml", "--engine", "local")
        assert answer.code == 0, answer.err
    one, other = (rows_of(invoke("trials", name, "--format", "json"))[0] for name in ("axes", "flat"))
    assert (one["e_t"], one["e_v"], one["layers"]) == (other["e_t"], other["e_v"], other["layers"])
    found = [
        rows_of(invoke("predict", one["trial"], f"{name}.npz", "--at", "last", "--format", "json"))
        for name in ("axes", "flat")
    ]
    assert found[0] == found[1] and len(found[0]) == 40
    np.savez("turned.npz", inputs=np.moveaxis(inputs, 1, -1))
    answer = invoke("predict", one["trial"], "turned.npz", "--at", "last")
    assert (answer.code, "but the network was trained on examples of shape" in answer.err) == (2, True), answer.err


def test_a_shape_must_have_as_many_values_as_there_are_inputs(invoke, own_folder):
    Path("s.yaml").write_text(json.dumps({"data": {"source": "iris", "shape": [2, 3]}}))
    assert "the shape 2x3 needs 6 inputs, but there are 4" in invoke("run", "s.yaml", "--dry-run").err
    Path("s.yaml").write_text(json.dumps({"data": {"source": "iris", "shape": [4]}}))
    assert "must be [steps, channels] or [height, width, channels]" in invoke("run", "s.yaml", "--dry-run").err
