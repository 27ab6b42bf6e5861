"""`fitgap predict --score` and `--probabilities`."""

import json

import numpy as np
import polars
import pytest


@pytest.mark.parametrize(
    ("kinds", "loss", "outputs"),
    [("abc", "softmax_cross_entropy", "one_per_class"), ("ab", "sigmoid_cross_entropy", "zero_one")],
)
def test_probabilities_of_classes(invoke, tmp_path, kinds, loss, outputs):
    lines = [f"{row % 7},{row % 5},{kinds[row % len(kinds)]}" for row in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,kind", *lines]))
    words = ("--data", tmp_path / "t.csv", "--target", "kind", "--hidden", "4", "--epochs", "3", "--loss", loss)
    database = ("--db", tmp_path / "p.db")
    assert invoke("run", *words, "--outputs", outputs, "--engine", "local", *database).code == 0
    answer = invoke("predict", 1, tmp_path / "t.csv", "--probabilities", "--format", "json", *database)
    for row in answer.json:
        shares = {name: row[f"p({name})"] for name in kinds}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
        assert row["kind"] == max(shares, key=lambda name: shares[name])
    scored = invoke("predict", 1, tmp_path / "t.csv", "--score", "--format", "json", *database).json[0]
    hits = [row["kind"] == kinds[number % len(kinds)] for number, row in enumerate(answer.json)]
    assert scored["accuracy"] == pytest.approx(np.mean(hits)) and scored["examples"] == 60
    chosen = [row[f"p({kinds[number % len(kinds)]})"] for number, row in enumerate(answer.json)]
    assert scored["log_loss"] == pytest.approx(-np.log(chosen).mean(), rel=1e-6)
    plain = invoke("predict", 1, tmp_path / "t.csv", "--format", "json", *database).json
    assert [row["kind"] for row in plain] == [row["kind"] for row in answer.json]


def test_other_losses_give_no_probabilities(invoke, tmp_path):
    database = ("--db", tmp_path / "p.db")
    (tmp_path / "t.csv").write_text("a,kind\n" + "".join(f"{row % 7},{'ab'[row % 2]}\n" for row in range(20)))
    words = ("--data", tmp_path / "t.csv", "--target", "kind", "--hidden", "4", "--epochs", "1")
    assert invoke("run", *words, "--engine", "local", *database).code == 0
    answer = invoke("predict", 1, tmp_path / "t.csv", "--probabilities", *database)
    assert (
        answer.code == 2 and "its outputs are not probabilities; train with --loss softmax_cross_entropy" in answer.err
    )


def test_numbers_are_scored_in_their_unit(invoke, tmp_path):
    database = ("--db", tmp_path / "p.db")
    (tmp_path / "t.csv").write_text("a;y\n" + "".join(f"{row % 7};{row % 11},5\n" for row in range(60)) + "3;\n")
    words = ("--data", tmp_path / "t.csv", "--target", "y", "--hidden", "4", "--epochs", "3")
    assert invoke("run", *words, "--engine", "local", *database).code == 0
    rows = invoke("predict", 1, tmp_path / "t.csv", "--format", "json", *database).json
    scored = invoke("predict", 1, tmp_path / "t.csv", "--score", "--format", "json", *database).json[0]
    away = [abs(row["y"] - (number % 11 + 0.5)) for number, row in enumerate(rows[:60])]
    assert scored["mae"] == pytest.approx(np.mean(away)) and scored["examples"] == 60
    (tmp_path / "u.csv").write_text("a\n1\n")
    answer = invoke("predict", 1, tmp_path / "u.csv", "--score", *database)
    assert answer.code == 2 and "no target column 'y'" in answer.err


def test_whoever_predicts_with_a_diverged_network_is_warned(invoke, own_folder):
    """The best epoch of its trial came before it diverged."""
    flags = ("--optimizer", "gradient_descent:rate=1e9", "--batch-size", "150", "--hidden", "none", "--epochs", "20")
    assert invoke("run", "--data", "iris", *flags, "--engine", "local", "--name", "wild").code == 0
    (trial,) = json.loads(invoke("trials", "wild", "--format", "json").out)
    assert trial["status"] == "diverged" and trial["best_epoch"]
    answer = invoke("export", "1", "-o", "wild.npz")
    assert answer.code == 0 and answer.err.startswith("trial 1 diverged, so its predictions are of little use")


@pytest.mark.parametrize("classes", [np.array(["no", "yes"]), np.array([3, 7]), np.array([False, True]), None])
def test_arrays_are_scored_like_a_table(classes, invoke, own_folder):
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(60, 2))
    targets = inputs @ [1.0, -1.0] if classes is None else classes[(inputs[:, 0] > 0).astype(int)]
    np.savez("a.npz", inputs=inputs, targets=targets)
    polars.DataFrame({"input_1": inputs[:, 0], "input_2": inputs[:, 1], "targets": targets}).write_parquet("a.parquet")
    run = ("run", "--data", "a.npz", "--target-kind", "numbers" if classes is None else "classes", "--epochs", "2")
    assert invoke(*run, "--engine", "local").code == 0
    scored = [invoke("predict", 1, each, "--score", "--format", "json") for each in ("a.npz", "a.parquet")]
    assert [answer.code for answer in scored] == [0, 0], scored
    assert scored[0].json == scored[1].json
    np.savez("c.npz", inputs=inputs, targets=targets[:40])
    answer = invoke("predict", 1, "c.npz", "--score")
    assert (answer.code, "there are 60 examples, but 40 targets" in answer.err) == (2, True), answer.err
    np.savez("b.npz", inputs=inputs)
    answer = invoke("predict", 1, "b.npz", "--score")
    assert (answer.code, "there is no array 'targets'" in answer.err) == (2, True)
