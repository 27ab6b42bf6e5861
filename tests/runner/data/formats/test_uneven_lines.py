"""Lines with more or fewer cells than the first: unambiguous files are read, all others are refused."""

import numpy as np
import pytest
from fitgap.runner.data import reading_report
from fitgap.runner.errors import DataError
from support.data.loading import again, loaded, same_data

ROWS = [f"{row % 7},{row * 3 % 11},{row * 5 % 9}.5" for row in range(30)]


def lines(header, rows, separator=","):
    return "\n".join([header, *rows, ""]).replace(",", separator)


PLAIN = lines("a,b,y", ROWS)
WITH_ENDS = [f"{row}," for row in ROWS]
TITLES = "Unemployment\n\nType of data:    Percent\n\n"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("header", "rows"), [("a,b,y", WITH_ENDS), ("a,b,y,", ROWS), ("a,b,y,", WITH_ENDS), ("a,b,y,,", ROWS)]
)
@pytest.mark.parametrize("before", ["", "\n\n", TITLES])
def test_separators_at_the_ends_of_lines_shift_no_column(separator, header, rows, before):
    text = before + lines(header, rows, separator)
    found = loaded(text)
    assert same_data(found.dataset, loaded(PLAIN).dataset)
    assert same_data(again(text, found).dataset, found.dataset)


def test_a_separator_at_the_end_of_lines_is_no_value_where_the_names_are_quoted():
    assert same_data(loaded(lines('"a","b","y"', WITH_ENDS)).dataset, loaded(PLAIN).dataset)


def test_names_of_rows_are_still_found():
    rows = [f"r{number},{row}" for number, row in enumerate(ROWS)]
    assert same_data(loaded(lines("a,b,y", rows)).dataset, loaded(PLAIN).dataset)
    # A last cell that is empty only in some rows is a missing value.
    some = [row if number % 3 else row.rpartition(",")[0] + "," for number, row in enumerate(rows)]
    found = loaded(lines("a,b,y", some))
    assert found.dataset.input_names == ("a", "b")
    assert "10 rows without a target dropped" in reading_report(found)[1]


def test_lines_may_end_early_with_an_empty_cell():
    rows = [f"{row},1,2" if number % 2 else f"{row}," for number, row in enumerate(ROWS)]
    text = lines("a,b,y,c,d", rows)
    found = loaded(text)
    assert found.dataset.input_names == ("a", "b", "c", "d")
    assert np.isnan(found.dataset.inputs[:, 2:]).all(axis=1).tolist() == [number % 2 == 0 for number in range(30)]
    assert "30 missing values in c, d filled with the median" in reading_report(found)[1]
    assert same_data(again(text, found).dataset, found.dataset)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            lines("a,b,y", [*ROWS, "1,2"]),
            "line 32 has 2 cells, but line 1 has 3; every line needs 3, so correct this one, or remove it",
        ),
        (lines("a,b,y", [*ROWS, "1,2,3,4"]), "line 32 has 4 cells, but line 1 has 3"),
        (lines("a,b,y", ["1,2,3,", *ROWS]), "line 2 has 4 cells, but line 1 has 3"),
        (lines("a,b,y", [*ROWS, "Notes"]), "line 32 has 1 cell, but line 1 has 3"),
        (
            "Title:,none\nTable\n" + lines("a,b,y", [*ROWS, "Notes", "1 - estimated"]),
            "most lines have 3 cells, but line 1 has 2, and all lines need the same number; "
            "remove what is above line 3 and below line 33",
        ),
    ],
)
def test_other_uneven_lines_are_refused_with_the_next_step(text, message):
    with pytest.raises(DataError) as caught:
        loaded(text)
    assert message in str(caught.value)


def test_by_the_strict_rules_every_line_needs_all_cells():
    for header, rows in (("a,b,y,", ROWS), ("a,b,y", WITH_ENDS), ("a,b,y,c,d", WITH_ENDS)):
        with pytest.raises(DataError, match=r"every line needs|all lines need|has no name"):
            loaded(lines(header, rows), strict=True)
