"""Large tables whose fractions are read directly as numbers equal those that are read as text first."""

import random

import pytest
from fitgap.runner.data import file_tables
from fitgap.runner.data.file_datasets import load_table
from fitgap.runner.data.file_tables import RawTable, typed_table
from fitgap.runner.data.formats.content import CSV
from fitgap.runner.data.formats.csv_files import read_cells
from fitgap.runner.data.formats.fraction_columns import read_fractions
from fitgap.runner.data.formats.layout import Layout
from fitgap.runner.data.treatment import FileChoices, Treatment
from hypothesis import given
from hypothesis import strategies as st

# Cells that some readers take for numbers and others do not.
CELLS = (
    *("1.5", " 1.5", "1.5 ", "+1.5", "-1.5", "1.", ".", ".5", "1e5", "1E+5", "1e400", "1e-400", "-0.0", "-0", "7"),
    *("nan", "-nan", "NaN", "NA", "inf", "+inf", "Infinity", "", " ", '""', '"1.5"', '" 1.5"', '"1,5"', "1_000", "1e"),
    *("1.5abc", "0x1", "007", "00.5", "−1.5", "１.５", "1.2.3", "true", "None", "?", "-", "#N/A", "1 5", "e5"),
    *("9" * 30, "0." + "1" * 40),
)
PLAIN, UNDECIDED = Layout(), FileChoices()


def typed_both_ways(text, layout):
    """Two typed frames of a text: read directly as numbers (None if that is not possible), and as text first."""
    treatment = Treatment(layout=layout)
    tables = read_fractions("t.csv", text, layout), read_cells("t.csv", text, layout, strict=False)
    return [table and typed_table(RawTable(table, CSV, layout), treatment, ()) for table in tables]


def check_same(text, layout=PLAIN):
    fast, slow = typed_both_ways(text, layout)
    assert fast is not None
    assert fast.frame.schema == slow.frame.schema
    for quick, usual in zip(fast.frame, slow.frame, strict=True):
        assert quick.to_list() == usual.to_list() or quick.equals(usual, null_equal=True)
        if quick.dtype.is_float():
            assert quick.to_numpy().tobytes() == usual.to_numpy().tobytes()
    assert fast.place(0) == slow.place(0)
    assert fast.place(fast.frame.height - 1) == slow.place(slow.frame.height - 1)


@pytest.mark.parametrize("cell", CELLS)
def test_any_cell_gives_the_same_value_or_is_left_to_the_other_reader(cell):
    text = f"x,word\n0.5,a\n{cell},b\n0.25,{cell}\n"
    if read_fractions("t.csv", text, Layout()) is not None:
        check_same(text)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40), st.sampled_from("efg"))
def test_numbers_are_the_same_to_the_last_bit(values, form):
    text = "x,y\n0.5,1\n" + "".join(f"{value!r},{value:.25{form}}\n" for value in values)
    check_same(text)


@given(st.lists(st.text("0123456789.-+e ", min_size=1, max_size=30), max_size=20))
def test_what_looks_like_numbers_is_the_same_or_left_to_the_other_reader(cells):
    text = "x,y\n0.5,0\n" + "".join(f"{cell},1\n" for cell in cells)
    if read_fractions("t.csv", text, Layout()) is not None:
        check_same(text)


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("0.5;a\n0.75; b \n", Layout(separator=";", header=False)),
        ("\n\nx\ty\n0.5\t007\n0.25\t008\n", Layout(separator="\t")),
        ("# made today\nx,y\n0.5,1\n,2\n", Layout(comments=True)),
        ("A title\nx,y\n0.5,1\n0.25,2\n", Layout(skip=1)),
        ("x y\n0.5  1\n0.25 2\n", Layout(separator=" ")),
        ("x,y\n1,0.5,2\n2,0.25,3\n", Layout(row_names=True)),
        ("x,x,\n0.5,0.25,a\n0.5,0.125,b", Layout()),
    ],
)
def test_layouts_give_the_same_table(text, layout):
    check_same(text, layout)


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n0.5,1\nNA,2\n",
        "x,y\n1,2\n3,4\n",
        '"x,1",y\n0.5,1\n',
        "x,y\n0.5,1\n,\n0.25,2\n",
        "x,y\n0.5,1\n0.5,1,2\n",
    ],
)
def test_other_tables_are_left_to_the_other_reader(text):
    assert read_fractions("t.csv", text, Layout()) is None


def loaded(text, target, choices=UNDECIDED):
    return load_table("t.csv", text.encode(), CSV, [target], choices, None)


@pytest.mark.parametrize(
    ("header", "choices"),
    [
        ("x;code;y", FileChoices()),
        ("x;code;y", FileChoices(categorical=("x",))),
        ("x;code;y", FileChoices(decimal=",")),
        ("x;code;y", FileChoices(weight="x")),
    ],
)
def test_a_large_file_gives_the_data_set_of_a_small_one(monkeypatch, header, choices):
    """With all choices: categories keep their text, so 1.50 and 1.5 differ; with decimal commas, 1.500 is 1500."""
    draw = random.Random(1)
    lines = [f"{draw.choice(['1.50', '1.5', '2.500'])};0{draw.randrange(3)};{draw.random():.3f}" for _ in range(60)]
    text = header + "\n" + "\n".join(lines) + "\n"
    small = loaded(text, "y", choices)
    monkeypatch.setattr(file_tables, "LEAST_SIZE", 0)
    large = loaded(text, "y", choices)
    assert large.treatment == small.treatment
    assert large.dataset.input_names == small.dataset.input_names
    assert large.dataset.inputs.tobytes() == small.dataset.inputs.tobytes()
    assert large.dataset.targets.tobytes() == small.dataset.targets.tobytes()


def test_a_decimal_comma_in_one_column_decides_for_all(monkeypatch):
    """Then 1.500 is 1500, in a large file, too."""
    text = "x;y\n1.500;0,5\n2.500;1,5\n3.500;2,5\n"
    small = loaded(text, "y")
    monkeypatch.setattr(file_tables, "LEAST_SIZE", 0)
    assert loaded(text, "y").dataset.inputs.tolist() == small.dataset.inputs.tolist() == [[1500], [2500], [3500]]
