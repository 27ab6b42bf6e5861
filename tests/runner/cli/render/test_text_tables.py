"""Tables: no wider than the terminal, complete in a pipe, and safe whatever text they contain."""

import re
from pathlib import Path

import pytest
from fitgap.runner.cli.render.lines import printable
from fitgap.runner.cli.render.table_cells import cell
from fitgap.runner.cli.render.text_tables import common_values, print_table
from fitgap.runner.cli.render.trial_page import print_environment
from fitgap.runner.names import plainer
from support.sampling import every

# Rich markup and control characters that a terminal would obey.
EVIL = "[red]\x1b[31m\x07\r\n\u202eevil[/red]"


WIDE = "compare small --by activation,optimizer,regularizer,architecture,configuration"
ANSWERS = (
    *("sweeps", "trials small", "trials small --sort -e_v", "epochs small", "show 5", "list optimizers", "list data"),
    *("compare small --by activation", WIDE),
)


@pytest.mark.parametrize("line", every(2, ANSWERS))
def test_every_answer_fits_a_terminal_of_80_columns(line, in_terminal, plain_text, trained_database):
    database = () if line.startswith("list") else ("--db", trained_database)
    code, written = in_terminal(*line.split(), *database)
    assert code == 0
    rows = plain_text(written).splitlines()
    assert len(rows) > 1
    assert max(map(len, rows)) <= 80


def test_what_improve_would_add_is_told_apart_at_80_columns(in_terminal, plain_text, trained_database):
    """Columns name the change, the configuration that it changes, and the reason; text is wrapped."""
    code, written = in_terminal("improve", "small", "--dry-run", "--db", trained_database)
    lines = plain_text(written).splitlines()
    assert code == 0 and max(map(len, lines)) <= 85
    assert any(line.split() == ["change", "of", "because"] for line in lines)
    assert not any("no room" in line for line in lines)


def test_columns_without_room_are_named(in_terminal, plain_text, trained_database):
    _, narrow = in_terminal(*WIDE.split(), "--db", trained_database)
    _, wide = in_terminal(*WIDE.split(), "--db", trained_database, columns=400)
    assert re.search(r"no room [\s\S]*accuracy_v", plain_text(narrow))
    assert "no room" not in plain_text(wide)


def test_a_terminal_never_cuts_a_number(in_terminal, plain_text, trained_database, invoke):
    """Every E_v that a pipe shows appears in full in the terminal."""
    piped = invoke("trials", "small", "--columns", "trial,e_v,best_e_v", "--db", trained_database).out
    _, written = in_terminal("trials", "small", "--columns", "trial,e_v,best_e_v", "--db", trained_database)
    assert plain_text(written).split() == piped.split()


def test_a_pipe_gets_every_column_in_one_line_per_row(invoke, trained_database, contract, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    keys = [key for key in contract["trial"] if key != "verdict"]
    written = invoke("trials", "small", "--columns", ",".join(keys), "--db", trained_database).out
    rows = [line for line in written.splitlines() if re.match(r" +\d+ ", line)]
    assert len(rows) == 48
    assert "…" not in written and "no room" not in written
    assert "\x1b" not in written
    assert not any(line.endswith(" ") for line in written.splitlines())


def obeyed(text):
    """The characters of a text that a terminal would obey rather than show."""
    return [character for character in text if not character.isprintable() and character != "\n"]


def test_text_in_a_table_is_neither_markup_nor_obeyed_by_the_terminal(capsys):
    print_table([{"name": EVIL, "regularizer": EVIL, "trial": 1}], ["name", "regularizer", "trial"])
    written = capsys.readouterr().out
    assert "[red]" in written and "[/red]" in written
    assert obeyed(written) == []


def test_a_title_is_neither_markup_nor_obeyed_by_the_terminal(capsys):
    print_table([{"trial": 1}], ["trial"], title=EVIL)
    written = capsys.readouterr().out
    assert "[red]" in written and obeyed(written) == []


EVIL_ASKED = ("sweeps", "trials 1", "show 1", "compare 1 --by activation,architecture", "trials nothing", "resume 1")


@pytest.mark.parametrize("line", EVIL_ASKED)
def test_an_evil_name_in_a_database_stays_inert(line, store, database, make_plan, make_configuration, invoke):
    """Names are checked when they are entered, but a database from someone else may contain anything."""
    row = make_configuration(1, activation=EVIL, regularizer=EVIL, architecture=EVIL)
    store.add_sweep(make_plan([row, {**row, "hash": "2"}], 1, name=EVIL))
    answer = invoke(*line.split(), "--db", database)
    assert obeyed(answer.out) == obeyed(answer.err) == []


@pytest.mark.parametrize("line", ["run --dry-run", "run", "show 1"])
def test_evil_names_of_a_file_and_its_columns_stay_inert(line, invoke):
    """The column is constant, so `show` names it."""
    path = Path("ev\x1b[31m[red]il.csv")
    path.write_text("x,\x1b[31m[red]\x07,y\n1,5,1.5\n2,5,2.5\n3,5,3.5\n4,5,9.5\n")
    flags = ("--data", path, "--target", "y", "--epochs", "1", "--engine", "local")
    ran = invoke("run", *flags)
    assert ran.code == 0, ran.err
    answer = ran if line == "run" else invoke(*line.split(), *(flags if "run" in line else ()))
    assert obeyed(answer.out) == obeyed(answer.err) == []


def test_json_of_an_evil_name_is_the_name(store, database, make_plan, invoke):
    store.add_sweep(make_plan(name=EVIL))
    answer = invoke("sweeps", "--format", "json", "--db", database)
    assert answer.json[0]["name"] == EVIL
    assert "\x1b" not in answer.out


def test_an_answer_without_rows_is_a_table_without_rows(store, database, invoke):
    answer = invoke("sweeps", "--db", database)
    assert answer.code == 0
    assert "name" in answer.out and "trials" in answer.out


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ""), (0.123456, "0.123"), (1234567.0, "1.23e+06"), (-0.00001, "-1e-05"), (7, "7"), ("text", "text")],
)
def test_a_cell_shows_three_digits_and_nothing_for_null(value, expected):
    assert cell("e_v", value) == expected


def test_times_are_dates_in_utc():
    assert cell("created", 0.0) == "1970-01-01 00:00"


@pytest.mark.parametrize(
    ("shorthand", "expected"),
    [
        ("relu", "relu"),
        ("adam:rate=0.01", "adam 0.01"),
        ("l1:weight=0.1+dropout:ratio=0.2", "l1 0.1 + dropout 0.2"),
        ("momentum:rate=0.1,friction=0.5", "momentum rate=0.1 friction=0.5"),
        ("gradient_descent:rate=1e-05", "gradient_descent 1e-05"),
        ("gradient_descent:rate=1e+30", "gradient_descent 1e+30"),
        ("l2:weight=1e+16+dropout:ratio=0.2", "l2 1e+16 + dropout 0.2"),
    ],
)
def test_shorthand_is_shown_as_people_say_it(shorthand, expected):
    assert plainer(shorthand) == expected


def test_what_is_the_same_in_all_rows_is_told_once(capsys):
    rows = [{"trial": trial, "status": "completed", "e_v": 0.5} for trial in (1, 2)]
    print_table(rows, ["trial", "status", "e_v"])
    written = capsys.readouterr().out
    assert written.count("completed") == 1
    # Measured numbers stay in their rows even if they are equal.
    assert written.count("0.5") == 2


def test_a_single_row_and_a_table_of_nothing_but_the_same_keep_their_columns():
    assert common_values([{"status": "completed"}], ["status"]) == {}
    assert common_values([{"status": "completed"}] * 2, ["status"]) == {}


@pytest.mark.parametrize("text", ["plain", "übung", "日本", "a b"])
def test_printable_text_is_left_as_it_is(text):
    assert printable(text) == text


def test_a_single_column_that_is_wider_than_the_terminal_is_broken_and_not_cut(in_place):
    """All of its text is shown."""
    code, written = in_place("list", "optimizers", "--format", "table", columns=20)
    assert code == 0 and "…" not in written


def test_long_values_of_a_trial_are_folded_below_each_other(capsys, monkeypatch):
    """The processor features that NumPy 2.2 reports are longer than a line."""
    features = " ".join(f"AVX512_{number}" for number in range(20))
    monkeypatch.setattr("fitgap.runner.cli.render.trial_page.line_width", lambda most: 80)
    print_environment({"simd": features})
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 80 and all(line.startswith(" " * 20) for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == f"simd {features}"
    monkeypatch.setattr("fitgap.runner.cli.render.trial_page.line_width", lambda most: most)
    print_environment({"simd": features})
    assert len(capsys.readouterr().out.splitlines()) == 2
