"""What `fitgap inspect` reports about a data file."""

import json

import numpy as np
import pytest
from fitgap.runner.data.inspection import inspect_file
from fitgap.runner.errors import DataError

ROWS = 60


@pytest.fixture
def table(tmp_path):
    """`table(name=function of the row, …)`: the path of a file with a column for each, and a numeric target `y`."""

    def write(**columns):
        columns = {"a": lambda row: (row * 7) % 11, **columns}
        columns = {"y": lambda row: f"{(row * 13) % 17}.5", **columns}
        lines = [",".join(str(value(row)) for value in columns.values()) for row in range(ROWS)]
        path = tmp_path / "table.csv"
        path.write_text("\n".join([",".join(columns), *lines]))
        return str(path)

    return write


def facts(inspection, name):
    return next(column for column in inspection.columns if column.name == name)


def test_every_column_is_described(table):
    path = table(
        index=lambda row: row,
        color=lambda row: ["red", "blue", "NA"][row % 3],
        day=lambda row: f"2020-01-{1 + row % 28:02}",
        flag=lambda row: row % 4 == 0,
        gaps=lambda row: "" if row % 5 else row,
    )
    found = inspect_file(path, ["y"])
    uses = {column.name: (column.type, column.use) for column in found.columns}
    assert uses == {
        "y": ("numbers", "target"),
        "a": ("whole numbers", "number"),
        "index": ("whole numbers", "ignored"),
        "color": ("text", "categories"),
        "day": ("date", "date"),
        "flag": ("true/false", "number"),
        "gaps": ("whole numbers", "number"),
    }
    assert facts(found, "index").reason == "counts the rows"
    assert (facts(found, "gaps").missing, facts(found, "gaps").distinct) == (48, 12)
    assert (facts(found, "a").lowest, facts(found, "a").highest) == (0, 10)
    assert facts(found, "color").frequent == [("red", 20), ("blue", 20)]
    numbers = np.array([(row * 7) % 11 for row in range(ROWS)])
    assert facts(found, "a").histogram == np.histogram(numbers, 8)[0].tolist()
    assert sum(facts(found, "day").histogram) == ROWS
    assert found.rows == ROWS
    json.dumps(found.as_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("column", "warning"),
    [
        (lambda row: 3, "constant"),
        (lambda row: f"{(row * 13) % 17}.5", "equals the target 'y'"),
        (lambda row: 4.5 + 2 * ((row * 13) % 17), "is proportional to the target 'y'"),
    ],
)
def test_what_is_unusual_about_a_column_is_said(column, warning, table):
    found = inspect_file(table(odd=column), ["y"])
    assert f"odd: {warning}" in found.warnings
    assert ("--ignore odd" in found.command) == ("target" in warning)


def test_a_nearly_constant_column(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,z,y\n" + "".join(f"{9 if row == 5 else 7},{row % 9},{row % 7}.5\n" for row in range(200)))
    assert "x: nearly constant: 1 of 200 rows differ from 7" in inspect_file(str(path), ["y"]).warnings


def test_a_leak_of_classes_is_named(table):
    kind = {"kind": lambda row: "ab"[row % 2]}
    assert (
        "code: determines the target 'kind'" in inspect_file(table(**kind, code=lambda row: row % 2), ["kind"]).warnings
    )
    sorted_by = inspect_file(table(**kind, score=lambda row: row % 2 * 100 + row), ["kind"])
    assert "score: separates the classes of the target 'kind'" in sorted_by.warnings


def test_the_target_and_its_classes_are_counted(table):
    found = inspect_file(table(kind=lambda row: "rare" if row < 3 else "?" if row < 5 else "usual"), ["kind"])
    assert found.target == {
        "name": "kind",
        "kind": "classes",
        "missing": 2,
        "classes": [{"class": "usual", "count": 55}, {"class": "rare", "count": 3}],
    }
    assert "2 rows without a target would be left out" in found.warnings
    assert "rare classes: rare (3); accuracy says little about them" in found.warnings


def test_a_line_with_totals_does_not_change_the_types(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,y\n" + "".join(f"{row % 6},{row % 4}.5,{row % 7}.5\n" for row in range(40)) + "x,Total,\n")
    found = inspect_file(str(path), ["y"])
    assert [(column.type, column.use, column.missing) for column in found.columns] == [
        ("whole numbers", "number", 0),
        ("numbers", "number", 0),
        ("numbers", "target", 1),
    ]
    assert found.rows == 41
    assert "1 row without a target would be left out" in found.warnings


def test_dates_without_a_time_have_none_in_their_range(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("day,hour,y\n" + "".join(f"2020-01-{d},2020-01-{d} {d}:30,{d}.5\n" for d in range(10, 24)))
    day, hour, _ = inspect_file(str(path), ["y"]).columns
    assert (day.lowest, day.highest) == ("2020-01-10", "2020-01-23")
    assert (hour.lowest, hour.highest) == ("2020-01-10 10:30:00", "2020-01-23 23:30:00")


def test_duplicates_are_counted(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("x,z,y\n" + "1,2,0.5\n3,4,1.5\n5,6,2.5\n" * 3)
    assert any(warning.startswith("6 rows occur more than once") for warning in inspect_file(str(path), ["y"]).warnings)


def test_a_target_is_proposed_and_the_command_can_be_run(table):
    assert "--target y" in inspect_file(table()).command
    assert "--target z" in inspect_file(table(z=lambda row: row), ["z"]).command


@pytest.mark.parametrize("values", [(1e17, 1e17 + 16), (5e-324, 1e-323), (-1.7e308, 1.7e308), (2.0, 2.0)])
def test_numbers_without_room_for_intervals(values, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{values[row % 2]!r},{row % 3}.5\n" for row in range(9)))
    found = facts(inspect_file(str(path), ["y"]), "x")
    assert (found.lowest, found.highest) == values and sum(found.histogram) in (0, 9)


@pytest.mark.parametrize("content", [b"", b"%PDF", b"a,b;c\n1,2;3\n4,5;6\n", b"PK\3\4"])
def test_what_is_no_table_is_one_line(content, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        inspect_file(str(path))
    assert str(caught.value).isprintable()


def test_a_target_that_is_suggested_is_not_leaked_by_an_input_of_the_command(tmp_path):
    path = tmp_path / "leak.csv"
    rows = [f"{row % 7},{'uvw'[row % 3]},{10 * (row % 3)}" for row in range(ROWS)]
    path.write_text("\n".join(["a,kind,kind_code", *rows]))
    found = inspect_file(str(path))
    assert "--target kind_code --ignore kind " in found.command
    assert "kind: determines the target 'kind_code'" in found.warnings
    assert found.target is None


def test_a_constant_column_is_not_suggested_as_the_target(tmp_path):
    path = tmp_path / "constant.csv"
    path.write_text("\n".join(["a,b,version", *(f"{row % 7},{row % 5},3" for row in range(ROWS))]))
    assert "--target b " in inspect_file(str(path)).command


@pytest.mark.parametrize(
    ("rows", "target", "warning"),
    [
        ([], [], "the file has no rows below its header, so there is nothing to train on"),
        (["1,2"] * ROWS, [], "no column has several values, so there is nothing to predict"),
        ([f"{row},2" for row in range(ROWS)], ["b"], "the target b has only one value, so there is nothing to learn"),
    ],
)
def test_no_command_is_suggested_that_would_fail(rows, target, warning, tmp_path, invoke):
    path = tmp_path / "nothing.csv"
    path.write_text("\n".join(["a,b", *rows]))
    found = inspect_file(str(path), target)
    assert found.command == ""
    assert found.warnings[0] == warning
    answer = invoke("inspect", path, *(["--target", *target] if target else []))
    assert answer.code == 0
    assert "start with" not in answer.out


def test_a_mistake_among_numbers_is_said_as_run_says_it(tmp_path, invoke):
    path = tmp_path / "mistake.csv"
    path.write_text("a;y\n" + "".join(f"{row},5;{row % 7},25\n" for row in range(ROWS)) + "0.5;1,5\n")
    found = inspect_file(str(path), ["y"])
    assert facts(found, "a").use == "number" and found.command == ""
    refused = invoke("run", "--data", path, "--target", "y", "--hidden", "3", "--dry-run")
    assert refused.code == 2 and refused.err == f"fitgap: {path}: {found.warnings[0]}\n"
