"""Tests of the inputs of unseen examples, in the columns that a network was trained on."""

import numpy as np
import polars
import pytest
from fitgap.runner.data import FileChoices, load_dataset, load_file, read_inputs
from fitgap.runner.errors import DataError

TRAINED = "a,color,b,y\n1,red,true,0.5\n3,blue,false,1.5\n5,10,true,2.5\n"
NAN = float("nan")


@pytest.fixture
def unseen(tmp_path):
    """`unseen(content, missing)`: the inputs in a file, for a network that was trained on TRAINED."""
    (tmp_path / "trained.csv").write_text(TRAINED)
    trained = load_dataset(str(tmp_path / "trained.csv"), target=["y"], text="one_hot")
    assert trained.input_names == ("a", "color=10", "color=blue", "color=red", "b")

    def read(content, missing="refuse"):
        if isinstance(content, str):
            path = tmp_path / "unseen.csv"
            path.write_text(content)
        elif isinstance(content, np.ndarray):
            path = tmp_path / "unseen.npz"
            np.savez(path, inputs=content)
        else:
            path = tmp_path / "unseen.parquet"
            content.write_parquet(path)
        return read_inputs(str(path), trained.input_names, trained.text_columns, missing=missing)

    return read


def test_the_training_file_gives_its_own_inputs(unseen, tmp_path):
    trained = load_dataset(str(tmp_path / "trained.csv"), target=["y"], text="one_hot")
    assert np.array_equal(unseen(TRAINED), trained.inputs)


def test_columns_are_found_by_name_and_others_ignored(unseen):
    found = unseen("note,b,color,a\nwhat,false,red,7\n,true,blue,8\n")
    assert found.tolist() == [[7, 0, 0, 1, 0], [8, 0, 1, 0, 1]]
    assert found.dtype == np.float64


def test_a_single_row_is_enough(unseen):
    assert unseen("a,color,b\n1,red,0\n").tolist() == [[1, 0, 0, 1, 0]]


def test_an_unknown_category_is_of_no_category(unseen):
    assert unseen("a,color,b\n1,green,0\n").tolist() == [[1, 0, 0, 0, 0]]


@pytest.mark.parametrize("table", ["a,color,b\n1,10,0\n", polars.DataFrame({"a": [1], "color": [10], "b": [0]})])
def test_text_that_looks_like_numbers_is_text_still(unseen, table):
    assert unseen(table).tolist() == [[1, 1, 0, 0, 0]]


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_missing_values_stay_where_they_can_be_filled(unseen, missing):
    found = unseen("a,color,b\n,red,0\n2,,\n", missing)
    assert np.array_equal(found, [[NAN, 0, 0, 1, 0], [2, NAN, NAN, NAN, NAN]], equal_nan=True)
    alone = unseen(polars.DataFrame({"a": [None], "color": [None], "b": [None]}), missing)
    assert np.isnan(alone).all() and alone.shape == (1, 5)


@pytest.mark.parametrize("missing", ["refuse", "drop"])
def test_missing_values_are_told_where_they_cannot(unseen, missing):
    with pytest.raises(DataError, match=r"unseen\.csv: line 3, column 'color': the value is missing; fill it in or"):
        unseen("a,color,b\n1,red,0\n2,,1\n", missing)


@pytest.mark.parametrize(
    ("table", "pattern"),
    [
        ("a,colour,b\n1,red,0\n", "no column 'color', which the network was trained on: did you mean 'colour'"),
        (
            "a,color,b\n1,red,0\nx,red,0\n",
            "line 3, column 'a': 'x' is not a number, but the network was trained on numbers",
        ),
        ("a,color,b\n1,red,inf\n", "line 2, column 'b': the value is infinite"),
        ("a,color,b\n", "the file has no rows; at least 1 is needed"),
        ("", "the file is empty"),
        (polars.DataFrame({"a": [1], "color": [[1]], "b": [0]}), r"column 'color' holds List\(Int64\)"),
        (polars.DataFrame({"a": [[1]], "color": ["x"], "b": [0]}), r"column 'a' holds List\(Int64\)"),
        (np.zeros((2, 4)), "array 'inputs' has 4 columns, but the network was trained on 5"),
        (np.zeros((0, 5)), "the file has no rows"),
        (np.zeros(5), r"array 'inputs' has the shape \(5,\)"),
        (np.full((2, 5), NAN), "array 'inputs', row 1, column 1: the value is missing"),
    ],
)
def test_what_cannot_be_predicted_from_is_explained(unseen, table, pattern):
    with pytest.raises(DataError, match=pattern) as caught:
        unseen(table)
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there():
    with pytest.raises(DataError, match=r"^nowhere\.csv: there is no such file"):
        read_inputs("nowhere.csv", ("x",), {}, missing="refuse")
    with pytest.raises(DataError, match=r"^digits: there is no such file"):
        read_inputs("digits", ("x",), {}, missing="refuse")


def test_an_npz_file_has_the_inputs_in_order(unseen):
    values = np.arange(10.0).reshape(2, 5)
    assert np.array_equal(unseen(values), values)
    values[0, 0] = NAN
    assert np.array_equal(unseen(values, "mean"), values, equal_nan=True)


def test_an_npz_file_without_inputs_is_told_what_predictions_need(tmp_path):
    """The message asks neither for targets nor for options that `fitgap predict` does not have."""
    np.savez(tmp_path / "new.npz", targets=np.zeros(3))
    with pytest.raises(DataError, match=r"there is no array 'inputs': .*; to predict, .* needs the array 'inputs'$"):
        read_inputs(str(tmp_path / "new.npz"), ("x",), {}, missing="refuse")


MESSY = "id;size;when;color;y\n" + "".join(
    f"{row + 1};{row % 7},5;{1 + row % 28:02}.01.2020;{['red', 'NA', 'blue'][row % 3]};{row % 5},5\n"
    for row in range(30)
)


@pytest.mark.parametrize("strict", [False, True])
def test_new_examples_are_read_as_the_training_file_was(tmp_path, strict):
    """The training file gives the same inputs, whatever was detected or chosen. So does another layout."""
    path = tmp_path / "messy.csv"
    path.write_text(MESSY)
    chosen = {"separator": ";", "decimal": ",", "dates": {"when": "%d.%m.%Y"}, "ignore": ("id",), "text": "one_hot"}
    choices = FileChoices(strict=True, **chosen) if strict else FileChoices()
    loaded = load_file(str(path), {}, ["y"], choices)
    dataset = loaded.dataset
    assert dataset.input_names[:2] == ("size", "when.seconds")

    def again(name):
        texts = dataset.text_columns
        return read_inputs(str(name), dataset.input_names, texts, missing="mean", treatment=loaded.treatment)

    assert np.array_equal(again(path), dataset.inputs, equal_nan=True)
    if not strict:
        other = tmp_path / "other.csv"
        other.write_text(MESSY.replace(",", ".").replace(";", "\t"))
        assert np.array_equal(again(other), dataset.inputs, equal_nan=True)
