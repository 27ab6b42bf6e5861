"""Warnings of a new sweep about files whose validation errors would mislead."""

import time

import numpy as np
import pytest
from fitgap.core.datasets import Dataset, Split
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.planning.suspicions import suspicions
from fitgap.runner.spec import Sweep, stored_sweep_of

ROWS = 90


def prepared(tmp_path, text, **data):
    (tmp_path / "table.csv").write_text(text)
    settings = {"source": str(tmp_path / "table.csv"), "target": "y", **data}
    return prepare_sweep(Sweep.from_canonical({"data": settings}))


def warnings_of(tmp_path, text, **data):
    return [line for line in prepared(tmp_path, text, **data).report if line.startswith("warning: ")]


def table(*columns, heading="a,b,y"):
    return "\n".join([heading, *(",".join(map(str, row)) for row in zip(*columns, strict=True))])


A, B = [(row * 37) % 91 / 8 for row in range(ROWS)], [(row * 53) % 89 for row in range(ROWS)]
CLASSES = ["uvw"[(row * 11) % 3] for row in range(ROWS)]


def test_an_ordinary_file_gives_no_warning(tmp_path):
    assert warnings_of(tmp_path, table(A, B, CLASSES)) == []


@pytest.mark.parametrize(
    ("leaking", "target", "reason"),
    [
        (["xyz"["uvw".index(each)] for each in CLASSES], CLASSES, "b determines the target y"),
        ([10 * "uvw".index(each) for each in CLASSES], CLASSES, "b determines the target y"),
        ([3 * value + 1 for value in A], A, "b is proportional to the target y"),
    ],
)
def test_an_input_that_leaks_the_target_is_named(tmp_path, leaking, target, reason):
    (line,) = warnings_of(tmp_path, table(B, leaking, target))
    assert reason in line
    assert "--ignore b" in line
    assert warnings_of(tmp_path, table(B, leaking, target), ignore=["b"]) == []


def test_rows_on_both_sides_are_counted(tmp_path):
    text = table(A + A[:20], B + B[:20], CLASSES + CLASSES[:20])
    found = prepared(tmp_path, text)
    (line,) = [line for line in found.report if line.startswith("warning: ")]
    split, data = found.splits[1], found.dataset
    rows = np.hstack([data.inputs, data.targets])
    training = {row.tobytes() for row in rows[split.training]}
    count = sum(row.tobytes() in training for row in rows[split.validation])
    assert f"{count} of {len(split.validation)} validation examples of the first repeat are training examples" in line


def test_validation_by_the_training_file_itself_is_noticed(tmp_path):
    text = table(A, B, CLASSES)
    (line,) = warnings_of(tmp_path, text, validation={"file": str(tmp_path / "table.csv")})
    assert "every validation example" in line
    assert "is a training example too" in line
    # No warning if the user asked for it.
    assert warnings_of(tmp_path, text, validation="same") == []


def test_a_stored_sweep_says_nothing_again(tmp_path):
    text = table(A[:30] * 3, B[:30] * 3, CLASSES[:30] * 3)
    first = prepared(tmp_path, text)
    again = prepare_sweep(stored_sweep_of(first.sweep.canonical()))
    assert again.report == ()


def test_it_takes_no_time_that_one_would_notice():
    random = np.random.default_rng(0)
    inputs, targets = random.normal(size=(100_000, 40)), random.integers(3, size=(100_000, 1)).astype(float)
    names = tuple(f"x{number}" for number in range(40))
    data = Dataset("many", inputs, targets, "classes", names, ("y",), ("a", "b", "c"))
    start = time.perf_counter()
    assert suspicions(data, Split(np.arange(70_000), np.arange(70_000, 100_000)), "many.csv") == []
    assert time.perf_counter() - start < 5
