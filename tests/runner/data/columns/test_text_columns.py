"""Tests of text columns of CSV files, encoded as inputs of 0 and 1, and of missing values."""

import numpy as np
import pytest
from fitgap.runner.data.handling import Handling
from hypothesis import given
from hypothesis import strategies as st
from support.data.loading import load_strictly

WORDS = st.one_of(st.sampled_from(["red", "blue", "dark blue", "größe", "true", "=", "a=b"]), st.none())
NAN = float("nan")


def read(text, missing="refuse"):
    return load_strictly("a.csv", text.encode(), ("y",), Handling(missing, "one_hot"))


def same(found, expected):
    return np.array_equal(found, np.array(expected, dtype=float), equal_nan=True)


def test_a_column_of_text_becomes_an_input_for_each_category_at_its_place():
    dataset = read("a,color,b,y\n1,red,2,0.5\n3,blue,4,1.5\n5,red,6,2.5\n")
    assert dataset.input_names == ("a", "color=blue", "color=red", "b")
    assert dataset.inputs.tolist() == [[1, 0, 1, 2], [3, 1, 0, 4], [5, 0, 1, 6]]
    assert dataset.text_columns == {"color": ("blue", "red")}


def test_a_missing_text_is_missing_in_every_category():
    dataset = read("color,y\nred,0.5\n,1.5\nblue,2.5\n", missing="mean")
    assert same(dataset.inputs, [[0, 1], [NAN, NAN], [1, 0]])


def test_dropped_rows_have_no_part_in_the_categories():
    dataset = read("a,color,y\n1,red,0.5\n,green,1.5\n2,blue,2.5\n3,,3.5\n", missing="drop")
    assert dataset.input_names == ("a", "color=blue", "color=red")
    assert dataset.inputs.tolist() == [[1, 0, 1], [2, 1, 0]]
    assert dataset.targets.tolist() == [[0.5], [2.5]]


def test_numbers_and_booleans_are_not_text():
    dataset = read("a,b,y\n1,true,0.5\n2.5,FALSE,1.5\n")
    assert dataset.input_names == ("a", "b")
    assert dataset.text_columns == {}


@pytest.mark.parametrize("missing", ["mean", "median"])
def test_missing_numbers_stay_to_be_filled(missing):
    dataset = read("a,b,empty,y\n1,true,,0.5\n,,,1.5\nnan,false,,2.5\n", missing)
    assert same(dataset.inputs, [[1, 1, NAN], [NAN, NAN, NAN], [NAN, 0, NAN]])
    assert dataset.targets.tolist() == [[0.5], [1.5], [2.5]]


@given(st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=12), st.sampled_from(["drop", "mean"]))
def test_the_category_with_a_one_names_the_text(rows, missing):
    """For each text column, every row has exactly one 1, in the category in the file; or only NaN."""
    rows = [("x", "x"), ("y", "y"), *rows]
    table = "first,second,y\n" + "".join(f"{a or ''},{b or ''},{n}.5\n" for n, (a, b) in enumerate(rows))
    dataset = read(table, missing)
    kept = rows if missing == "mean" else [row for row in rows if None not in row]
    assert dataset.example_count == len(kept)
    for position, column in enumerate(("first", "second")):
        names = [f"{column}={category}" for category in dataset.text_columns[column]]
        inputs = dataset.inputs[:, [dataset.input_names.index(name) for name in names]]
        assert sorted(dataset.text_columns[column]) == sorted({row[position] for row in kept} - {None})
        for written, values in zip(kept, inputs, strict=True):
            if written[position] is None:
                assert np.isnan(values).all()
            else:
                assert [name for name, value in zip(names, values, strict=True) if value] == [
                    f"{column}={written[position]}"
                ]
                assert values.sum() == 1
