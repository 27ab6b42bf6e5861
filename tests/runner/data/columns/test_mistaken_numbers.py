"""A word or another decimal mark among numbers is refused with its line; it never changes how others are read."""

import pytest
from fitgap.runner.errors import DataError
from support.data.loading import loaded

OTHER = "write all with the same mark"


def commas(cells, targets="1,5 2,5 3,5"):
    """A table with decimal commas and these cells in its first column."""
    return "a;b;y\n" + "".join(f"{cell};{row},5;{targets.split()[row % 3]}\n" for row, cell in enumerate(cells.split()))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (commas("1,5 2,5 0,25 0.5"), "line 5, column 'a': '0.5' has a decimal point"),
        # Alone in its file, so that no other column shows the mark.
        ("a;y\n1,5;3\n0.5;4\n2,5;5\n", "line 3, column 'a': '0.5' has a decimal point"),
        # No groups of three digits begin with 0.
        (commas("1,5 2,5 0.500 3,5"), "line 4, column 'a': '0.500' has a decimal point"),
        # 1,234 could be more than a thousand, but not with decimal commas elsewhere.
        (commas("1,234 2,345 0.5 4,500"), "line 4, column 'a': '0.5' has a decimal point"),
        (commas("1,5 2,5 - 0.5"), "line 5, column 'a': '0.5' has a decimal point"),
        (commas("1,5 2 3", "0,5 1,5 1.7"), "line 4, column 'y': '1.7' has a decimal point"),
        ('a,y\n0.5,3\n1.5,4\n"2,5",5\n', "line 4, column 'a': '2,5' has a decimal comma"),
    ],
)
def test_the_other_decimal_mark_is_refused_with_line_and_value(text, place):
    with pytest.raises(DataError) as caught:
        loaded(text)
    assert place in str(caught.value) and OTHER in str(caught.value)


def test_a_large_file_is_no_exception():
    rows = "".join(f"{row % 97},25;{row % 89},5;{row % 83},75\n" for row in range(60_000))
    with pytest.raises(DataError, match=r"line 60002, column 'a': '0\.5' has a decimal point"):
        loaded(f"a;b;y\n{rows}0.5;1,5;2,5\n")


def test_a_word_among_decimal_commas_is_a_mistake():
    cells = " ".join(f"{row},{row}1" for row in range(25))
    with pytest.raises(DataError, match="line 10, column 'a': 'l,5' is not a number; correct it or remove the row"):
        loaded(commas(cells.replace("8,81", "l,5")))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (commas("1,5 2,5 1.500"), [1.5, 2.5, 1500]),
        # A column with points throughout keeps its numbers, with three digits as well.
        (commas("0.500 1.500 0.250"), [0.5, 1.5, 0.25]),
        (commas("1,234,567 12 345"), [1234567, 12, 345]),
        (commas("1,234.5 12 345"), [1234.5, 12, 345]),
    ],
)
def test_what_is_clear_is_read(text, values):
    assert loaded(text).dataset.inputs[:, 0].tolist() == values


def test_both_marks_may_be_categories_if_the_user_says_so():
    assert loaded(commas("1,5 1.5 1,5"), categorical=("a",)).dataset.text_columns == {"a": ("1,5", "1.5")}


def test_several_numbers_in_a_cell_are_text():
    assert loaded(commas("1,2 3 1,2,3 1,2 3 1,2,3")).dataset.text_columns == {"a": ("1,2", "1,2,3", "3")}
