"""NPZ files are inspected array by array."""

import numpy as np
import pytest

INPUTS = np.arange(96.0).reshape(12, 4, 2)


@pytest.fixture
def inspected(invoke, own_folder):
    """`inspected(*words, **arrays)`: the report on a file with these arrays."""

    def run(*words, **arrays):
        np.savez(own_folder / "a.npz", **arrays)
        answer = invoke("inspect", "a.npz", *words, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json

    return run


def test_arrays_have_shapes_ranges_and_classes(inspected, invoke):
    found = inspected(inputs=INPUTS, targets=np.array(["no", "yes", "yes"] * 4), more=np.float16([1, 2]))
    inputs, targets, more = found["columns"]
    assert (inputs["type"], inputs["use"], inputs["lowest"], inputs["highest"]) == (
        "float64 (12, 4, 2)",
        "inputs",
        0,
        95,
    )
    assert (targets["use"], targets["distinct"], more["use"]) == ("target", 2, "ignored")
    assert found["rows"] == 12 and found["target"]["kind"] == "classes"
    assert {each["class"]: each["count"] for each in found["target"]["classes"]} == {"yes": 8, "no": 4}
    assert "start with: fitgap run --data a.npz --hidden none" in invoke("inspect", "a.npz").out


def test_the_command_to_start_with_trains(inspected, invoke):
    command = inspected("--target", "kind", inputs=INPUTS[:, 0], kind=np.arange(12.0) ** 2)["command"]
    words = command.removeprefix("fitgap ").split()
    assert invoke(*words, "--epochs", "1", "--repeats", "1", "--engine", "local").code == 0


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"targets": np.arange(4.0)}, "there is no array 'inputs'"),
        ({"inputs": INPUTS}, "there is no array 'targets'"),
        ({"inputs": INPUTS, "targets": np.arange(3.0)}, "inputs has 12 rows, but targets has 3"),
        ({"inputs": INPUTS, "targets": np.float64(1)}, "targets: a single value"),
        ({"inputs": INPUTS, "targets": np.ones(12)}, "the target targets has only one value"),
    ],
)
def test_what_cannot_be_trained_on_is_said(arrays, words, inspected):
    found = inspected(**arrays)
    assert any(words in warning for warning in found["warnings"]) and found["command"] == ""


@pytest.mark.parametrize(
    ("inputs", "targets", "rule"),
    [
        (INPUTS[:, 0].astype(complex), np.arange(12.0), "array 'inputs' holds complex128, but inputs must be numbers"),
        (np.full((12, 2), np.nan), np.arange(12.0), "array 'inputs' has no values, only NaN"),
        (INPUTS[:, 0], np.arange(12) + 1j, "array 'targets' holds complex128, but targets must be numbers"),
        (INPUTS[:, 0, 0], np.arange(12.0), "array 'inputs' has the shape (12,), but must be a table"),
    ],
)
def test_inspect_says_what_run_would_refuse_and_suggests_nothing(inputs, targets, rule, inspected, invoke):
    found = inspected(inputs=inputs, targets=targets)
    assert found["command"] == ""
    refused = invoke("run", "--data", "a.npz", "--hidden", "3", "--dry-run")
    assert refused.code == 2 and refused.err == f"fitgap: a.npz: {found['warnings'][0]}\n" and rule in refused.err
    assert found["columns"][0]["type"] == f"{inputs.dtype.name} {inputs.shape}"


def test_other_files_called_so_are_refused(invoke, own_folder):
    (own_folder / "b.npz").write_bytes(b"PK\x03\x04 and no more")
    answer = invoke("inspect", "b.npz")
    assert answer.code == 2 and answer.err.count("\n") == 1
