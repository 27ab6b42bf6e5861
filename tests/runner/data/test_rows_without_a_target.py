"""Rows without a target, such as a last line with totals, change nothing about the other rows."""

import io

import polars
import pytest
from fitgap.runner.data import reading_report
from fitgap.runner.data.split_rules import SplitRule
from fitgap.runner.data.treatment import Treatment
from fitgap.runner.errors import DataError
from support.data.loading import again, load_freely, loaded, same_data


def with_totals(total):
    rows = [f"r{row % 3},{row},{row * 7 % 50}.5,2020-01-{row % 28 + 1:02},{row * 3 % 11}.25" for row in range(1, 61)]
    return "\n".join(["region,number,amount,day,y", *rows, total]) + "\n"


@pytest.mark.parametrize("total", ["Total,60,1234.5,,", "r1,60,Total,sum,", "Total,Total,,Total,NA", "--,--,--,--,-"])
def test_a_last_line_with_totals_does_not_change_the_types_of_columns(total):
    text = with_totals(total)
    found = loaded(text)
    clean = loaded(with_totals("").rstrip("\n"))
    assert same_data(found.dataset, clean.dataset)
    assert found.treatment == clean.treatment
    assert found.treatment.ignored == {"number": "counts the rows"}
    assert found.dataset.text_columns == {"region": ("r0", "r1", "r2")}
    assert "1 row without a target dropped" in reading_report(found)[1]
    assert same_data(again(text, found).dataset, clean.dataset)


def test_a_line_with_totals_needs_no_mark_of_its_own():
    rows = "".join(f"{row},{row % 4},{row % 3 + 1},{row % 7}.5\n" for row in range(40))
    text = f"a,person,w,y\n{rows}Total,,,\n"
    found = loaded(text, weight="w", splits={"validation": SplitRule("group", "person")})
    assert found.dataset.example_count == 40
    assert found.dataset.marks["weight"].tolist() == [row % 3 + 1 for row in range(40)]
    assert len(found.dataset.marks["validation"]) == 40


def test_a_sweep_that_was_stored_with_totals_as_a_category_reads_the_same():
    """Totals turned numbers into categories, before rows without a target were left out first."""
    text = "a,b,y\n" + "".join(f"{row % 5}.50,{row},{row % 7}.5\n" for row in range(30)) + "Total,435,\n"
    stored = Treatment(text=("a",), ignored={"b": "counts the rows"}, missing="refuse")
    found = load_freely("a.csv", text.encode(), stored=stored)
    assert found.dataset.text_columns == {"a": ("0.50", "1.50", "2.50", "3.50", "4.50")}
    assert found.dataset.example_count == 30


def test_rows_keep_their_numbers_in_the_file():
    rows = [f"{row}.5" if row % 4 else "NA" for row in range(1, 21)]
    found = loaded("y\n" + "\n".join(rows) + "\n")
    assert found.dataset.inputs[:, 0].tolist() == [row for row in range(1, 21) if row % 4]
    assert same_data(again("y\n" + "\n".join(rows) + "\n", found).dataset, found.dataset)
    counted = loaded("n,a,y\n" + "".join(f"{row},{row % 3},{y}\n" for row, y in enumerate(rows, start=1)))
    assert counted.treatment.ignored == {"n": "counts the rows"}


def test_the_place_of_a_mistake_is_right_after_rows_without_a_target():
    before = "".join(f"{row},{row}.5\nx,\n" for row in range(11))
    after = "".join(f"{row},1.5\n" for row in range(100, 130))
    with pytest.raises(DataError, match="line 25, column 'a': '1O' is not a number"):
        loaded(f"a,y\n{before}77,2\n1O,3\n{after}")


def test_a_column_without_values_beside_a_target_is_ignored_as_such():
    """Past and forecast values are often in the same table, and one of the two is the target."""
    past = "".join(f"{row % 6},{row}.25,\n" for row in range(20))
    found = loaded(f"a,past,y\n{past}" + "".join(f"{row % 5},,{row % 7}.5\n" for row in range(20)))
    assert found.treatment.ignored == {"past": "no values in rows with a target"}


def test_huge_whole_numbers_are_inputs_like_others():
    content = io.BytesIO()
    huge = polars.Series("a", [2**63 + row * row for row in range(20)], polars.UInt64)
    polars.DataFrame([huge, polars.Series("y", [None] + [row % 7 + 0.5 for row in range(19)])]).write_parquet(content)
    found = loaded(content.getvalue())
    assert found.dataset.input_names == ("a",)
    assert found.dataset.example_count == 19
