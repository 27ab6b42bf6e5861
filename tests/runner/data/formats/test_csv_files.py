"""Tests of CSV files."""

import io
import tracemalloc

import numpy as np
import pytest
from fitgap.runner.data.formats.csv_files import first_width, lines_of, record_starts
from fitgap.runner.data.handling import MISSING, TEXT, Handling
from fitgap.runner.errors import DataError
from hypothesis import assume, given
from hypothesis import strategies as st
from support.data.loading import load_strictly

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def read(text, *target, **handling):
    return load_strictly("a.csv", text.encode(), target, Handling(**handling))


@given(st.lists(st.tuples(FINITE, FINITE), min_size=2, max_size=30))
def test_numbers_come_back_bit_for_bit(rows):
    assume(len({y for _, y in rows}) > 1)
    dataset = read("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows), "y")
    expected = np.array(rows)
    assert dataset.inputs.tobytes() == expected[:, :1].tobytes()
    assert dataset.targets.tobytes() == expected[:, 1:].tobytes()
    assert dataset.target_kind == "numbers"


def test_text_target_becomes_sorted_classes():
    dataset = read("x,kind,y\n1,pear,2\n3,apple,4\n5,pear,6\n", "kind")
    assert dataset.inputs.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert dataset.input_names == ("x", "y")
    assert dataset.target_names == ("kind",)
    assert dataset.class_names == ("apple", "pear")
    assert dataset.targets.tolist() == [[1], [0], [1]]


def test_booleans_are_inputs_and_classes():
    dataset = read("flag,answer\ntrue,False\nFALSE,TRUE\n", "answer")
    assert dataset.inputs.tolist() == [[1], [0]]
    assert dataset.class_names == ("false", "true")
    assert dataset.targets.tolist() == [[0], [1]]


def test_several_targets_are_numbers_even_where_they_are_integers():
    dataset = read("x,a,b\n1,0,0.5\n2,1,1.5\n", "b", "a")
    assert (dataset.target_names, dataset.class_names) == (("b", "a"), ())
    assert dataset.targets.tolist() == [[0.5, 0], [1.5, 1]]


@pytest.mark.parametrize(
    "text",
    [
        "x,y\r\n1,0.5\r\n2,1.5\r\n",
        "x,y\r1,0.5\r2,1.5\r",
        "\ufeffx,y\n1,0.5\n2,1.5",
        " x , y \n 1 , 0.5\n2 ,1.5\n\n\n",
        '"x","y"\n"1","0.5"\n"2","1.5"\n',
    ],
)
def test_forms_of_the_same_table(text):
    dataset = read(text, "y")
    assert dataset.input_names == ("x",)
    assert dataset.inputs.tolist() == [[1], [2]]
    assert dataset.targets.tolist() == [[0.5], [1.5]]


def test_a_text_is_found_however_late_it_comes():
    text = "x,y\n" + "1,2\n" * 20_000 + "oops,2\n"
    with pytest.raises(DataError, match="line 20002, column 'x': 'oops' is not a number"):
        read(text, "y")


def test_lines_are_counted_across_quoted_line_breaks():
    with pytest.raises(DataError, match="line 4, column 'x': the value is missing"):
        read('kind,x\n"a\nb",1\nc,\n', "kind")


def test_a_wide_table_does_not_flood_the_message():
    header = ",".join(f"column_{number}" for number in range(1000))
    with pytest.raises(DataError, match="did you mean 'column_77'") as caught:
        read(f"{header}\n{header}\n", "colum_77")
    assert len(str(caught.value)) < 600


def test_records_start_where_their_first_cell_does():
    assert list(record_starts('a,b\n"1\n2",3\n4\n')) == [(1, ["a", "b"]), (2, ["1\n2", "3"]), (4, ["4"])]


@given(st.binary(max_size=200), st.sampled_from(MISSING), st.sampled_from(TEXT))
def test_any_bytes_load_or_give_a_data_error(content, missing, text):
    try:
        load_strictly("a.csv", b"x,y\n" + content, ("y",), Handling(missing, text))
    except DataError as error:
        assert str(error).isprintable()


def test_looking_at_the_first_record_needs_no_copy_of_the_text():
    """`io.StringIO` would take four bytes for each character of a large file."""
    text = "a,b,c\n" + "1,2,3\n" * 500_000
    tracemalloc.start()
    try:
        assert first_width(text, ",") == 3
        assert tracemalloc.get_traced_memory()[1] < len(text) / 10
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\r\nb", "\n\n", 'a,"x\ny"\nb', "a\rb\nc\x85d"])
def test_lines_are_those_of_a_file(text):
    assert list(lines_of(text)) == list(io.StringIO(text, newline="\n"))
