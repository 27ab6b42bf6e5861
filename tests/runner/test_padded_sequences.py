"""Sweeps on sequences of different lengths, from an NPZ file to predictions: padding makes no difference."""

import json

import numpy as np
import pytest

STEPS, COUNT = 7, 40
SWEEP = """\
name: {name}
data: {{source: {source}.npz, lengths: {lengths}, target_kind: classes}}
training: {{epochs: 3, batch_size: 8, keep: state, loss: softmax_cross_entropy}}
axes:
  architecture: [gru4, "rnn3-lstm3", "gru3:outputs=all-norm-globalpool", 5]
  activation: tanh
"""


@pytest.fixture
def files(own_folder):
    """The same sequences with their lengths, padded with zeros, huge numbers or NaN."""
    rng = np.random.default_rng(3)
    inputs, lengths = rng.normal(size=(COUNT, STEPS, 2)), rng.integers(2, STEPS + 1, size=COUNT)
    is_padding = np.arange(STEPS) >= lengths[:, np.newaxis]
    targets = (np.where(is_padding, 0, inputs[..., 0]).sum(axis=1) > 0).astype(int)
    for name, padding in {"zeros": 0, "huge": 1e9, "gaps": np.nan}.items():
        inputs[is_padding] = padding
        np.savez(f"{name}.npz", inputs=inputs, targets=targets, lengths=lengths)
    return own_folder


def trained(invoke, folder, name, source, lengths):
    (folder / f"{name}.yaml").write_text(SWEEP.format(name=name, source=source, lengths=lengths))
    answer = invoke("run", f"{name}.yaml", "--engine", "local")
    assert answer.code == 0, answer.err
    assert "missing" not in answer.err
    rows = rows_of(invoke("trials", name, "--format", "json"))
    return [(row["architecture"], row["e_t"], row["e_v"]) for row in rows], [row["trial"] for row in rows]


def rows_of(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_padding_and_how_it_is_written_make_no_difference(invoke, files):
    zeros, trials = trained(invoke, files, "zeros", "zeros", "lengths")
    assert zeros == trained(invoke, files, "huge", "huge", "lengths")[0]
    assert zeros == trained(invoke, files, "gaps", "gaps", "nan")[0]
    assert "equal bit for bit" in invoke("replay", trials[1]).out
    for trial in trials[1:]:
        assert invoke("export", trial, "-o", "model.npz").code == invoke("export", trial, "-o", "model.onnx").code == 0
        found = [
            rows_of(invoke("predict", network, f"{name}.npz", "--format", "json"))
            for network in (trial, "model.npz")
            for name in ("zeros", "huge")
        ]
        assert len(found[0]) == COUNT and all(each == found[0] for each in found)
    assert invoke("extend", "zeros", "--epochs", "5", "--engine", "local").code == 0


def test_what_cannot_be_padded_is_refused(invoke, files):
    def refusal(*options):
        answer = invoke("run", "--data", "zeros.npz", *options, "--dry-run")
        assert answer.code == 2
        return answer.err

    assert "layer 1 (conv3x2): cannot skip the padding" in refusal(
        "--lengths", "lengths", "--hidden", "conv3x2-globalpool"
    )
    assert "cannot skip the padding" in refusal("--lengths", "lengths", "--hidden", "gru4:truncate=2")
    assert "there is no array 'length': did you mean 'lengths'" in refusal("--lengths", "length", "--hidden", "gru4")
    (files / "table.csv").write_text("a,y\n1,2\n2,3\n")
    answer = invoke("run", "--data", "table.csv", "--lengths", "a", "--dry-run")
    assert (answer.code, "but this is a table" in answer.err) == (2, True)
    assert "but a built-in data set has none" in invoke("run", "--data", "adding", "--lengths", "a", "--dry-run").err


@pytest.mark.parametrize(
    ("row", "value", "words"),
    [
        (2, 0, "row 3: a length must be a whole number from 1 to 7, the number of steps, but is 0"),
        (0, 8, "but is 8"),
        (0, 1.5, "but is 1.5"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(row, value, words, invoke, files):
    with np.load("zeros.npz") as arrays:
        changed = dict(arrays)
    changed["lengths"] = changed["lengths"].astype(float)
    changed["lengths"][row] = value
    np.savez("zeros.npz", **changed)
    answer = invoke("run", "--data", "zeros.npz", "--lengths", "lengths", "--hidden", "gru4", "--dry-run")
    assert (answer.code, words in answer.err) == (2, True), answer.err


def test_a_value_that_is_missing_in_a_real_step_is_refused(invoke, files):
    with np.load("gaps.npz") as arrays:
        changed = dict(arrays)
    changed["inputs"][4, 1, 0] = np.nan
    np.savez("gaps.npz", **changed)
    answer = invoke("run", "--data", "gaps.npz", "--lengths", "nan", "--hidden", "gru4", "--dry-run")
    assert (answer.code, "row 5, step 2, channel 1: the value is missing" in answer.err) == (2, True), answer.err
