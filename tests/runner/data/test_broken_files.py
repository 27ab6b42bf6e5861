"""Any data file gives a data set, or one line that says what is wrong; no code in it is ever run."""

import json
import time
from pathlib import Path

import numpy as np
from fitgap.core.datasets import Dataset
from fitgap.runner.data import (
    MISSING,
    TEXT,
    FileChoices,
    LoadedFile,
    SplitRule,
    Treatment,
    fingerprint,
    load_dataset,
    load_file,
    read_inputs,
    reading_report,
)
from fitgap.runner.data.inspection import inspect_file
from fitgap.runner.errors import DataError
from hypothesis import given
from hypothesis import strategies as st
from support.data.broken_files import ARCHIVES, PARQUETS, TABLES, plain_archive, plain_table, trap_archive
from support.profiles import share_of_examples

# Everything here takes some hundredths of a second; this limit catches what would not end.
MOST_SECONDS = 10.0
TARGETS = st.sampled_from(
    [["target"], ["target"], [], ["a"], ["target", "a"], ["targets"], ["nowhere"], ["\ud800"], [""]]
)
HANDLINGS = st.fixed_dictionaries({"missing": st.sampled_from(MISSING), "text": st.sampled_from(TEXT)})


def told(read, *arguments, **options):
    """What was read, or the one-line error that says why nothing was. Any other exception fails the test."""
    start = time.monotonic()
    try:
        answer = read(*arguments, **options)
    except DataError as error:
        answer = str(error)
        assert answer.startswith("broken.") and answer.isprintable() and len(answer) < 1000
    assert time.monotonic() - start < MOST_SECONDS
    return answer


def check(content, suffix, target, handling):
    """Read a file with this content as data to train on and as inputs to predict from."""
    file = Path("broken" + suffix)
    file.write_bytes(content)
    dataset = told(load_dataset, file.name, target=target, **handling)
    if isinstance(dataset, Dataset):
        assert dataset.example_count >= 2 and not np.isinf(dataset.inputs).any()
        assert np.isfinite(dataset.targets).all()
    loaded = told(load_file, file.name, {}, target, FileChoices())
    if isinstance(loaded, LoadedFile):
        assert loaded.dataset.example_count >= 2 and not np.isinf(loaded.dataset.inputs).any()
        assert 1 <= len(reading_report(loaded)) <= 3
        stored = Treatment.from_json(json.loads(json.dumps(loaded.treatment.as_json())))
        again = load_file(file.name, {}, target, FileChoices(), stored)
        assert fingerprint(again.dataset) == fingerprint(loaded.dataset)
    if suffix != ".parquet":
        inputs = told(read_inputs, file.name, ["a", "b=x"], {"b": ["x"]}, missing=handling["missing"])
        assert isinstance(inputs, str) or inputs.shape[1] == 2
    assert list(Path().iterdir()) == [file]


@share_of_examples(3)
@given(TABLES, TARGETS, HANDLINGS)
def test_any_csv_file(content, target, handling):
    check(content, ".csv", target, handling)


@share_of_examples(3)
@given(ARCHIVES, TARGETS, HANDLINGS)
def test_any_npz_file(content, target, handling):
    check(content, ".npz", target, handling)


COLUMNS = st.lists(st.sampled_from(["a", "b", "target", "c", "*", "[a]", "zz"]), max_size=2).map(tuple)
CHOICES = st.builds(
    FileChoices,
    strict=st.sampled_from([False, False, True]),
    missing=st.sampled_from([None, *MISSING]),
    text=st.sampled_from([None, *TEXT]),
    separator=st.sampled_from([None, None, ",", ";", " "]),
    decimal=st.sampled_from([None, None, ",", "."]),
    encoding=st.sampled_from([None, None, "utf-8", "cp1252", "utf-16", "hex", "zz"]),
    missing_values=st.sampled_from([None, (), ("NA",), ("-1", "x")]),
    inputs=COLUMNS,
    ignore=COLUMNS,
    categorical=COLUMNS,
    dates=st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from([None, "%Y-%m-%d", "x"]), max_size=1),
    target_kind=st.sampled_from([None, "classes", "numbers"]),
    splits=st.sampled_from(
        [
            {},
            {"validation": SplitRule("group", "a")},
            {"validation": SplitRule("last", "b"), "test": SplitRule("column", "c")},
        ]
    ),
)


@share_of_examples(1, nightly=3)
@given(TABLES, TARGETS, CHOICES)
def test_any_choices(content, target, choices):
    """With any choices for a file, the stored treatment gives the same data, and the file can be inspected."""
    file = Path("broken.csv")
    file.write_bytes(content)
    loaded = told(load_file, file.name, {}, target, choices)
    if isinstance(loaded, LoadedFile):
        stored = Treatment.from_json(json.loads(json.dumps(loaded.treatment.as_json())))
        again = load_file(file.name, {}, target, choices, stored)
        assert fingerprint(again.dataset) == fingerprint(loaded.dataset)
    inspected = told(inspect_file, file.name, target, choices)
    assert isinstance(inspected, str) or json.dumps(inspected.as_json(), allow_nan=False)


# Fewer examples, because each is tried in a process of its own.
@share_of_examples(0.1)
@given(PARQUETS, TARGETS, HANDLINGS)
def test_any_parquet_file(content, target, handling):
    check(content, ".parquet", target, handling)


def test_the_files_to_start_from_can_be_trained_on():
    """Otherwise, the random tests above would never get past the first check."""
    Path("broken.csv").write_bytes(plain_table())
    Path("broken.npz").write_bytes(plain_archive())
    assert load_dataset("broken.csv", target=["target"]).example_count == 12
    assert load_dataset("broken.npz").example_count == 12


def test_a_trap_works_where_pickles_are_allowed_and_is_never_sprung(own_folder):
    Path("broken.npz").write_bytes(trap_archive())
    assert "Python objects" in told(load_dataset, "broken.npz")
    assert "Python objects" in told(read_inputs, "broken.npz", ["a"], {}, missing="refuse")
    assert not Path("canary").exists()
    with np.load("broken.npz", allow_pickle=True) as archive:
        assert archive["inputs"].shape == (1,)
    assert Path("canary").exists()
