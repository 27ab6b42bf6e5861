"""Files as other people write them are read as an analyst would treat them first, and every step is reported."""

import bz2
import gzip
import io
import json
import lzma
import zipfile

import numpy as np
import polars
import pytest
from fitgap.runner.data import reading_report
from fitgap.runner.data.formats.content import zstd
from fitgap.runner.errors import DataError
from support.data.loading import again, load_freely, loaded, same_data
from support.data.plain_tables import INPUTS, PLAIN, ROWS, TARGETS, numbered
from support.data.spreadsheet import spreadsheet


def columnar(write):
    content = io.BytesIO()
    write(polars.DataFrame(ROWS, schema=["a", "b", "y"], orient="row"), content)
    return content.getvalue()


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def with_comma(separator):
    return PLAIN.replace(",", separator).replace(".", ",")


FORMS = {
    "semicolons": PLAIN.replace(",", ";"),
    "tabs": PLAIN.replace(",", "\t"),
    "bars": PLAIN.replace(",", "|"),
    "blanks": PLAIN.replace(",", "   "),
    "aligned": "\n".join("  " + line.replace(",", "  ") for line in PLAIN.splitlines()),
    "decimal commas": with_comma(";"),
    "decimal commas and tabs": with_comma("\t"),
    "groups": with_comma(";").replace("1234,5", "1.234,5").replace("1000,0", "1.000"),
    "english groups": PLAIN.replace("1234.5", '"1,234.5"').replace("1000.0", '"1,000"'),
    "comments": "# measured by hand\n" + PLAIN.replace("2.5,10", "# a pause\n2.5,10", 1),
    "names in a comment": "# " + PLAIN,
    "blank lines": "\n\n" + PLAIN.replace("\n", "\n\n"),
    "title": "Results of 2020\nall in metres\n" + PLAIN,
    "title in a spreadsheet": "Results of 2020,,\n,,\nall in metres,,\n" + PLAIN,
    "title in a spreadsheet with semicolons": "Results of 2020;;\n" + PLAIN.replace(",", ";"),
    "mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16 big-endian without mark": PLAIN.encode("utf-16-be"),
    "other minus": PLAIN.replace("-", "−"),
    "end of DOS file": PLAIN + "\x1a",
    "gzip": gzip.compress(PLAIN.encode()),
    "zstd": zstd.compress(PLAIN.encode()),
    "bzip2": bz2.compress(PLAIN.encode()),
    "xz": lzma.compress(PLAIN.encode()),
    "zip": zipped("table.csv", PLAIN),
    "records": json.dumps([{"a": a, "b": b, "y": y} for a, b, y in ROWS]),
    "lines": "\n".join(json.dumps({"a": a, "b": b, "y": y}) for a, b, y in ROWS),
    "columns": json.dumps({name: [row[i] for row in ROWS] for i, name in enumerate("aby")}),
    "columns by row": json.dumps(
        {name: {str(n): row[i] for n, row in enumerate(ROWS)} for i, name in enumerate("aby")}
    ),
    "split": json.dumps({"columns": ["a", "b", "y"], "index": [0, 1, 2, 3, 4], "data": ROWS}),
    "text in JSON": json.dumps([{"a": str(a), "b": b, "y": y} for a, b, y in ROWS]),
    "feather": columnar(lambda frame, file: frame.write_ipc(file)),
    "compressed arrow": columnar(lambda frame, file: frame.write_ipc(file, compression="zstd")),
    "parquet": columnar(lambda frame, file: frame.write_parquet(file)),
    "spreadsheet": spreadsheet([["a", "b", "y"], *ROWS]),
    "second sheet": spreadsheet([["Notes"], ["by hand"]], [["a", "b", "y"], *ROWS]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_data(form):
    found = loaded(FORMS[form])
    assert found.dataset.inputs.tolist() == INPUTS
    assert found.dataset.targets[:, 0].tolist() == TARGETS
    assert found.dataset.input_names == ("a", "b")
    assert same_data(again(FORMS[form], found).dataset, found.dataset)
    assert len(reading_report(found)) <= 3


def test_a_latin_text_is_decoded():
    found = loaded("Größe;y\n1;0,5\n2;1,5\n4;2,5\n".encode("latin-1"))
    assert found.dataset.input_names == ("Größe",)
    assert "Windows-1252" in reading_report(found)[1]


def test_columns_without_a_header_get_names():
    content = b"5.1,3.5,0.2,a\n4.9,3.0,0.4,b\n4.7,3.2,0.3,a\n6.0,3.3,0.5,b\n"
    found = load_freely("a.csv", content, ("column_4",))
    assert found.dataset.input_names == ("column_1", "column_2", "column_3")
    assert found.dataset.example_count == 4


@pytest.mark.parametrize(
    ("header", "index", "reason"),
    [
        ("", lambda row: row + 1, "no name"),
        ('""', lambda row: f"r{row}", "no name"),
        ("", lambda row: row // 2, "no name"),
        ("Unnamed: 0", lambda row: row, "no name"),
        ("__index_level_0__", lambda row: row * row, "no name"),
        ("whatever", lambda row: row, "counts the rows"),
        ("n", lambda row: row + 1, "counts the rows"),
        ("customer_id", lambda row: 5000 - 7 * row, "identifies the row"),
        ("name", lambda row: f"person {row}", "unique per row"),
        ("remark", lambda row: f"{'long story ' * 8}{row}", "free text"),
        ("nothing", lambda row: "", "empty"),
    ],
)
def test_columns_that_cannot_be_inputs_are_ignored_and_reported(header, index, reason):
    text = numbered(header, index, rows=24)
    found = loaded(text)
    assert found.dataset.input_names == ("a", "b")
    assert reason in reading_report(found)[-1]
    assert same_data(again(text, found).dataset, found.dataset)


def test_useful_columns_are_not_ignored():
    found = loaded(numbered("year", lambda row: 1950 + row))
    assert found.dataset.input_names == ("year", "a", "b")


def test_a_counter_is_an_input_if_there_is_no_other():
    found = loaded("time,y\n" + "".join(f"{row},{row * row}.5\n" for row in range(12)))
    assert found.dataset.input_names == ("time",)
    found = loaded(",y\n" + "".join(f"{row},{row * row}.5\n" for row in range(12)))
    assert found.dataset.input_count == 1
    found = loaded("y\n" + "".join(f"{row * row}.5\n" for row in range(12)))
    assert found.dataset.input_names == ("row",)
    assert found.dataset.inputs[:, 0].tolist() == list(range(1, 13))
    assert "the number of the row is the input" in reading_report(found)[1]


@pytest.mark.parametrize("word", ["NA", "N/A", "NULL", "None", "?", "-", ".", "#N/A", "nan", "NaN", "<NA>", "", " "])
def test_words_among_numbers_are_missing_values(word):
    found = loaded(f"a,b,y\n1,2,0.5\n{word},3,1.5\n4,5,2.5\n")
    assert np.isnan(found.dataset.inputs[1, 0])
    assert found.treatment.missing == "median"
    assert "1 missing value in a filled with the median" in reading_report(found)[1]


def test_words_for_missing_values_can_be_chosen():
    found = loaded("a,b,y\n1,2,0.5\n-999,3,1.5\nabsent,5,2.5\n", missing_values=("-999", "absent"))
    assert np.isnan(found.dataset.inputs[:, 0]).tolist() == [False, True, True]


def test_missing_text_is_no_category_and_no_class():
    content = b"color,a,kind\nred,1,x\nNA,2,y\nblue,3,NA\nNone,4,x\nred,5,?\n"
    found = load_freely("a.csv", content, ("kind",))
    assert found.dataset.class_names == ("x", "y")
    assert found.dataset.text_columns == {"color": ("None", "red")}
    assert found.dataset.example_count == 3
    assert "2 rows without a target dropped" in reading_report(found)[1]


def test_a_target_that_is_constant_in_the_complete_rows_is_not_blamed():
    rows = [f"{row if row % 10 == 0 else ''},{row},{row % 5}.5\n" for row in range(40)]
    with pytest.raises(DataError, match=r"would leave 4 of 40; most are missing in 'a' \(36\)"):
        loaded("a,b,y\n" + "".join(rows), missing="drop")


def test_rows_without_inputs_can_be_dropped_and_most_only_on_request():
    text = "a,b,c,y\n" + "".join(f"{row},{'' if row % 5 else row},{row},{row}.5\n" for row in range(2, 32))
    with pytest.raises(DataError, match=r"would leave 6 of 30; most are missing in 'b' \(24\); .*--missing drop_any"):
        loaded(text, missing="drop")
    assert loaded(text, missing="drop_any").dataset.example_count == 6
    found = loaded(text.replace(",,", ",1,", 20), missing="drop")
    assert "4 rows with missing inputs dropped (b)" in reading_report(found)[1]


DATES = {
    "2020-03-01": "2020-03-02",
    "2020/03/01": "2020/03/02",
    "01.03.2020": "02.03.2020",
    "03/14/2020": "03/15/2020",
    "14/03/2020": "15/03/2020",
    "2020-03-01 12:30": "2020-03-02 12:30",
    "2020-03-01T12:30:00.5Z": "2020-03-02T12:30:00.5Z",
    "Mar 1 2020": "Mar 2 2020",
    "1-Mar-20": "2-Mar-20",
    "March 1, 2020": "March 2, 2020",
}


@pytest.mark.parametrize("first", DATES)
def test_dates_become_numbers(first):
    text = f'when,a,y\n"{first}",1,0.5\n"{DATES[first]}",2,1.5\n"{first}",4,2.5\nNA,4,2.5\n'
    found = loaded(text)
    assert found.dataset.input_names == ("when.seconds", "when.weekday", "a")
    assert found.dataset.inputs[:3, 0].tolist() == [0, 86400, 0]
    assert np.isnan(found.dataset.inputs[3, 0])
    assert "dates as numbers: when" in reading_report(found)[1]
    assert same_data(again(text, found).dataset, found.dataset)


def test_stored_dates_become_numbers():
    frame = polars.DataFrame({"d": ["2020-01-31", "2021-02-01", None], "y": [0.5, 1.5, 2.5]})
    content = io.BytesIO()
    frame.with_columns(polars.col("d").str.to_date()).write_parquet(content)
    found = loaded(content.getvalue())
    assert found.dataset.input_names == ("d.seconds", "d.year", "d.month", "d.weekday")
    assert found.dataset.inputs[:2, 1].tolist() == [2020, 2021]


def test_day_and_month_are_told_apart_or_asked_for():
    rows = ["01/02/2020", "02/02/2020", "03/02/2020"]
    text = "when,a,y\n" + "".join(f"{day},{number},{number}.5\n" for number, day in enumerate(rows))
    with pytest.raises(DataError, match="both fit every date; choose one, as in --dates 'when=%d/%m/%Y'"):
        loaded(text.replace("03/02", "02/03"))
    found = loaded(text.replace("03/02", "02/03"), dates={"when": "%m/%d/%Y"})
    assert found.dataset.inputs[1, 0] == 31 * 86400
    # The first days of three months are more likely than three days in January.
    assert loaded("when,a,y\n01/01/2020,1,0.5\n02/01/2020,2,1\n03/01/2020,3,2.5\n").dataset.inputs[1, 0] == 31 * 86400


def test_a_date_is_a_numeric_target():
    found = loaded("a,y\n1,2020-01-01\n2,2020-01-31\n4,2020-01-11\n")
    assert found.dataset.targets[:, 0].tolist() == [0, 30, 10]


def test_codes_with_leading_zeros_stay_codes():
    rows = [f"{code},{number},{number}.5" for number, code in enumerate(["01", "02", "10"] * 4)]
    assert loaded("\n".join(["zip,a,y", *rows])).dataset.text_columns == {"zip": ("01", "02", "10")}


def test_text_is_one_hot_encoded():
    found = loaded("color,a,y\nred,1,0.5\nblue,2,1.5\nred,3,2.5\n")
    assert found.dataset.input_names == ("color=blue", "color=red", "a")
    assert "one-hot encoded: color" in reading_report(found)[1]


def test_the_target_is_always_reported():
    assert reading_report(loaded(PLAIN)) == ["data: 5 examples, 2 inputs; target y: numbers from 0.5 to 1234.5"]
    found = load_freely("a.csv", b"a,k\n1,x\n2,y\n3,x\n", ("k",))
    assert reading_report(found) == ["data: 3 examples, 1 input; target k: 2 classes (x 2, y 1)"]


@pytest.mark.parametrize("target", ["Y", " y", "Y "])
def test_the_target_need_not_be_spelled_exactly(target):
    content = PLAIN.encode()
    assert load_freely("a.csv", content, (target,)).dataset.target_names == ("y",)


def test_a_target_may_have_a_comma_in_its_name():
    content = b'x,"a, b"\n1,0.5\n2,1.5\n'
    assert load_freely("a.csv", content, ("a", " b")).dataset.target_names == ("a, b",)
