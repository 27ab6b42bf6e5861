"""Sweeps with residual connections and layer normalizations, from the command to the exported network."""

import json

import pytest
from fitgap.runner.spec import sweep_from_mapping
from fitgap.runner.spec.architectures import with_widths

BLOCK = "res(conv4x3:padding=same-norm)"
SWEEP = f"""\
name: blocks
data: {{source: {{motif: {{examples: 60, length: 9}}}}}}
repeats: 2
training: {{epochs: 3, batch_size: 16, loss: softmax_cross_entropy, keep: state}}
axes:
  architecture: ["{BLOCK}-globalpool-3", "norm-6-res(6-norm-res(6))", {{layer_1: 5, layer_2: 5, layer_3: res1}}]
"""


@pytest.fixture
def trained(invoke, own_folder):
    (own_folder / "blocks.yaml").write_text(SWEEP)
    answer = invoke("run", "blocks.yaml", "--engine", "local")
    assert answer.code == 0, answer.err
    return own_folder


def rows_of(answer):
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_blocks_are_written_in_one_line(invoke, trained):
    rows = rows_of(invoke("trials", "blocks", "--where", "repeat = 1", "--format", "json"))
    assert [row["architecture"] for row in rows] == [f"{BLOCK}-globalpool-3", "norm-6-res(6-norm-res(6))", "5-res(5)"]
    assert rows[0]["layers"] == f"9x4-{BLOCK}-globalpool-3-2"
    assert rows[0]["parameters"] == 4 * 12 + 4 + 8 + 4 * 3 + 3 + 3 * 2 + 2
    assert len(rows_of(invoke("trials", "blocks", "--where", "architecture.depth == 2", "--format", "json"))) == 4
    assert len(rows_of(invoke("trials", "blocks", "--where", "architecture.residual == 2", "--format", "json"))) == 2
    assert len(rows_of(invoke("trials", "blocks", "--where", "architecture.norm == 0", "--format", "json"))) == 2
    groups = rows_of(invoke("compare", "blocks", "--by", "architecture.norm", "--format", "json"))
    assert {group["architecture.norm"]: group["trials"] for group in groups} == {0: 2, 1: 2, 2: 2}
    same = f"architecture == '{BLOCK}-globalpool-3'"
    assert len(rows_of(invoke("trials", "blocks", "--where", same, "--format", "json"))) == 2
    names = [row["name"] for row in rows_of(invoke("layers", rows[0]["trial"], "--format", "json"))]
    assert names == ["conv4x3:padding=same", "dense 3", "output"]
    assert invoke("diagnose", "blocks").code == 0


def test_epochs_are_repeated_and_continued_bit_for_bit(invoke, trained):
    for trial in (1, 3):
        assert "equal bit for bit" in invoke("replay", trial).out
    (trained / "longer.yaml").write_text(SWEEP.replace("blocks", "longer").replace("epochs: 3", "epochs: 5"))
    assert invoke("run", "longer.yaml", "--engine", "local").code == 0
    assert invoke("extend", "blocks", "--epochs", "5", "--engine", "local").code == 0

    def errors(sweep):
        rows = rows_of(invoke("trials", sweep, "--where", "planned_epochs == 5", "--format", "json"))
        return sorted((row["architecture"], row["repeat"], row["e_t"], row["e_v"]) for row in rows)

    assert errors("blocks") == errors("longer")


def test_exported_networks_predict_the_same(invoke, trained):
    assert invoke("data", "blocks", "-o", "examples.csv").code == 0
    for trial in (1, 3):
        assert invoke("export", trial, "-o", "model.npz").code == invoke("export", trial, "-o", "model.onnx").code == 0
        found = [invoke("predict", source, "examples.csv", "--format", "json") for source in (trial, "model.npz")]
        assert rows_of(found[0]) == rows_of(found[1]) and len(rows_of(found[0])) == 60


def test_a_block_that_does_not_fit_is_refused_with_both_shapes(invoke, own_folder):
    answer = invoke("run", "--data", "digits", "--hidden", "res(conv8x3-conv8x3)-32", "--dry-run")
    assert answer.code == 2
    assert "layer 3 (res2): adds the inputs of the 2 layers before it to their outputs" in answer.err
    assert "the inputs are 8x8x1 and the outputs 4x4x8" in answer.err
    answer = invoke("run", "--data", "digits", "--hidden", "res(conv8x3", "--dry-run")
    assert "in 'res(conv8x3' a parenthesis is not closed" in answer.err


def test_the_advice_on_a_layer_that_does_not_fit_is_about_this_layer(invoke, own_folder):
    answer = invoke("run", "--data", "digits", "--hidden", "res(norm)", "--dry-run")
    assert "layer 1 (norm): needs at least 2 channels" in answer.err and "such as 32-norm" in answer.err
    assert "give its last layer" not in answer.err


@pytest.mark.parametrize(
    ("written", "wider", "narrower"),
    [
        ("8-res(8-norm)", "32-res(32-norm)", "2-res(2-norm)"),
        (
            "conv8x3-res(conv8x3:padding=same)-4",
            "conv32x3-res(conv32x3:padding=same)-16",
            "conv2x3-res(conv2x3:padding=same)-1",
        ),
        # The width is that of the inputs.
        ("res(8)-4", "res(8)-4", "res(8)-4"),
        ("pool2-res(conv8x3:padding=same)", "pool2-res(conv8x3:padding=same)", "pool2-res(conv8x3:padding=same)"),
    ],
)
def test_advice_keeps_shapes_that_fit(written, wider, narrower):
    (configuration,) = sweep_from_mapping({"data": "digits", "axes": {"architecture": [written]}}).configurations()
    assert with_widths(configuration, lambda width: 4 * width).architecture_label == wider
    assert with_widths(configuration, lambda width: max(1, width // 4)).architecture_label == narrower
    assert with_widths(configuration, lambda width: 1).architecture_label.count("norm") == written.count("norm")
