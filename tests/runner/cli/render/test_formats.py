"""JSON and CSV for programs: strict, exact, and harmless in a spreadsheet."""

import contextlib
import csv
import io
import json

import pytest
from fitgap.runner.cli.options.common import Format
from fitgap.runner.cli.render.formats import csv_cell, print_json, print_rows
from fitgap.runner.errors import StoreError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+2", "-1-2", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "－cmd", "-inf", "-"]
)
def test_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", [-1, -0.5, 0, 2.5, None, "plain", "1-2", "a=b", "", "64-32", "-1", "+1", "-.5", "-1e-9"]
)
def test_numbers_and_plain_text_are_left_as_they_are(value):
    assert csv_cell(value) is value


def test_a_formula_in_a_stored_name_is_defused_and_a_negative_gap_is_a_number(
    store, database, driver, make_plan, end_trial, invoke
):
    store.add_sweep(make_plan(1, 1, name="=1+1"))
    end_trial(driver, 1, e_t=0.75, e_v=0.5, best_e_t=0.75, best_e_v=0.5)
    assert read_csv(invoke("sweeps", "--format", "csv", "--db", database).out)[0]["name"] == "'=1+1"
    assert read_csv(invoke("trials", 1, "--format", "csv", "--db", database).out)[0]["gap"] == "-0.25"


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")),
    number=st.floats(allow_nan=False, allow_infinity=False),
)
def test_any_row_comes_back_from_csv_and_json(text, number):
    rows = [{"text": text, "number": number, "nothing": None, "list": [text, 1], "whole": 2**53 + 1}]
    (read,) = read_csv(printed(rows, Format.CSV))
    assert read["text"] == (csv_cell(text) if text else "")
    assert float(read["number"]) == number and read["nothing"] == ""
    assert json.loads(read["list"]) == [text, 1]
    assert json.loads(printed(rows, Format.JSON)) == rows


def test_a_carriage_return_is_quoted():
    """Without quotes, some readers would take it for the end of the line."""
    assert read_csv(printed([{"text": "one\rtwo"}], Format.CSV)) == [{"text": "one\rtwo"}]


def printed(rows, output_format):
    out = io.StringIO(newline="")
    with contextlib.redirect_stdout(out):
        print_rows(rows, output_format, table_keys=list(rows[0]))
    return out.getvalue()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_refuses_what_json_does_not_have(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"e_v": value})


@pytest.mark.parametrize("output_format", [Format.JSON, Format.CSV])
def test_no_rows_are_an_empty_list_or_a_header_alone(output_format, capsys):
    print_rows([], output_format, table_keys=["name", "trials"])
    assert capsys.readouterr().out == {"json": "[]\n", "csv": "name,trials\n"}[output_format]


def test_an_unknown_column_is_told_with_the_nearest(capsys):
    with pytest.raises(StoreError, match="--columns: there is no column 'e_w'; did you mean 'e_v'"):
        print_rows([{"e_v": 1.0, "name": "x"}], Format.TABLE, table_keys=["name"], columns="name,e_w")
    assert capsys.readouterr().out == ""


def test_a_heading_that_a_spreadsheet_would_run_is_led_by_an_apostrophe_and_classes_that_are_numbers_are_not():
    printed_lines = printed([{"=y": "-1", "+z": "=1"}], Format.CSV).splitlines()
    assert printed_lines == ["'=y,'+z", "-1,'=1"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
def test_json_is_ascii_on_an_output_that_is_not_utf_8_and_reads_back_as_it_was(encoding):
    rows = [{"é": "naïve β ☃ 𝄞", "list": ["größe"]}]
    out = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    with contextlib.redirect_stdout(out):
        print_rows(rows, Format.JSON, table_keys=list(rows[0]))
        out.flush()
    text = out.buffer.getvalue().decode(encoding)
    assert text.isascii() and json.loads(text) == rows


def test_csv_on_an_output_that_is_not_utf_8_escapes_what_it_lacks_and_nothing_else():
    """CSV is data, in which even our own typography must be kept: `×` must not become the letter x."""
    out = io.TextIOWrapper(io.BytesIO(), "latin-1", newline="\n")
    with contextlib.redirect_stdout(out):
        print_rows([{"a": "é × ± β …"}], Format.CSV, table_keys=["a"])
        out.flush()
    assert out.buffer.getvalue().decode("latin-1") == "a\né × ± \\u03b2 \\u2026\n"


@pytest.mark.parametrize("text", ["\x7f", "\x9b2J", "\u202eabc", "\u2066", "a\u200bb", "\u2028", "\ufeff", "\udcff"])
def test_json_escapes_what_a_terminal_would_obey_and_reads_back_as_it_was(text):
    line = printed([{"a": text}], Format.JSON)
    assert line.isascii() and json.loads(line) == [{"a": text}]


def test_csv_on_a_terminal_escapes_what_it_would_obey(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    with contextlib.redirect_stdout(Terminal()) as out:
        print_rows([{"a": "\x1b[2J\u202e", "b": "one\ntwo"}], Format.CSV, table_keys=["a", "b"])
    assert out.getvalue() == 'a,b\n\\x1b[2J\\u202e,"one\ntwo"\n'
