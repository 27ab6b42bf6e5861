"""Query commands: the rows of the contract in every format, sorted, limited and filtered, without changing anything."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.sampling import per_commit

ASK = ("sweeps", "trials small", "show 1", "epochs 1", "epochs small", "compare small --by activation")
# Queries must not load modules that only training needs.
LOADED = """
import sys
from fitgap.runner.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert not end.code
unwanted = {"alembic", "polars", "ray"} | ({"numpy", "sqlalchemy"} if "--help" in sys.argv else set())
print(sorted(unwanted & set(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def ask(invoke, trained_database):
    """`ask("trials small", *more)`: runs a command on the trained database."""

    def run(line, *more):
        return invoke(*line.split(), *more, "--db", trained_database)

    return run


@pytest.fixture
def rows(ask):
    """`rows("trials small", *more)`: its output as JSON rows."""

    def run(line, *more):
        answer = ask(line, *more, "--format", "json")
        assert answer.code == 0, answer.err
        return answer.json

    return run


@pytest.mark.parametrize("line", ASK)
def test_every_answer_comes_as_table_json_and_csv(line, ask):
    table, as_json, as_csv = (ask(line, "--format", kind) for kind in ("table", "json", "csv"))
    assert (table.code, as_json.code, as_csv.code) == (0, 0, 0)
    assert (table.err, as_json.err, as_csv.err) == ("", "", "")
    assert ask(line).out == table.out != ""
    parsed = as_json.json
    parsed = parsed if isinstance(parsed, list) else [parsed]
    read = list(csv.DictReader(io.StringIO(as_csv.out)))
    assert [list(row) for row in read] == [list(row) for row in parsed]
    for from_csv, from_json in zip(read, parsed, strict=True):
        for key, value in from_json.items():
            assert from_csv[key] == plain(value)


def plain(value):
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


@pytest.mark.parametrize(
    ("line", "kind"), [("sweeps", "sweep"), ("trials small", "trial"), ("epochs 1", "epoch"), ("epochs small", "epoch")]
)
def test_rows_have_exactly_the_keys_of_the_contract(line, kind, rows, contract):
    assert {tuple(row) for row in rows(line)} == {tuple(contract[kind])}


def test_show_has_the_keys_of_a_trial_and_more(rows, contract):
    shown = rows("show 7")
    assert list(shown)[: len(contract["trial"])] == contract["trial"]
    listed = next(row for row in rows("trials small") if row["trial"] == 7)
    assert listed.items() <= shown.items()


def test_json_has_null_where_a_number_is_not_finite(rows, small_counts):
    """`rows` refuses NaN and Infinity, which are not valid JSON."""
    diverged = [row for row in rows("trials small") if row["status"] == "diverged"]
    assert len(diverged) == small_counts[1]
    assert all(None in (row["e_t"], row["e_v"]) for row in diverged)
    for row in diverged[:3]:
        last = rows(f"epochs {row['trial']}")[-1]
        assert last["epoch"] == row["epochs"] and None in (last["e_t"], last["e_v"])


def test_numbers_read_back_as_the_same_bits(rows, ask):
    by_json = [row["e_v"] for row in rows("epochs small")]
    by_csv = [row["e_v"] for row in csv.DictReader(io.StringIO(ask("epochs small", "--format", "csv").out))]
    assert [repr(value) if value is not None else "" for value in by_json] == by_csv


def test_trials_are_sorted_and_limited(rows):
    best = rows("trials small", "--sort", "best_e_v")
    known = [row["best_e_v"] for row in best if row["best_e_v"] is not None]
    assert known == sorted(known) and None not in [row["best_e_v"] for row in best[: len(known)]]
    worst = rows("trials small", "--sort", "-best_e_v", "--limit", "3")
    assert [row["best_e_v"] for row in worst] == known[:-4:-1]


def test_chosen_columns_come_in_the_order_they_are_named(ask, rows):
    assert {tuple(row) for row in rows("trials small", "--columns", "e_v,trial")} == {("e_v", "trial")}
    assert ask("trials small", "--columns", "e_v, trial", "--format", "csv").out.startswith("e_v,trial\n")
    header = ask("trials small", "--columns", "seconds,layers").out
    assert header.index("seconds") < header.index("layers") and "repeat" not in header


def test_epochs_of_several_trials_and_of_a_sweep(rows):
    assert {row["trial"] for row in rows("epochs 3 5")} == {3, 5}
    whole = rows("epochs small")
    assert len(whole) == sum(row["epochs"] for row in rows("trials small"))
    assert rows("epochs 3") == [row for row in whole if row["trial"] == 3]


def test_a_sweep_is_named_by_its_number_too(rows):
    assert rows("trials 1") == rows("trials small")
    assert rows("compare 1 --by optimizer") == rows("compare small --by optimizer")


def test_compare_groups_by_several_keys(rows):
    groups = rows("compare small --by activation,architecture")
    assert {(row["activation"], row["architecture"]) for row in groups} == {
        (activation, architecture) for activation in ("relu", "prelu:beta=0.05") for architecture in ("4", "6-3")
    }
    assert sum(row["trials"] for row in groups) == len(rows("trials small"))
    assert rows("compare small --by activation,architecture", "--limit", "1") == groups[:1]


def test_tuned_groups_name_their_settings(ask, rows):
    groups = rows("compare small --by activation --tuned")
    assert {group["activation"] for group in groups} == {"relu", "prelu:beta=0.05"}
    assert all(group["tuned"] and group["tuned_configuration"] for group in groups)
    page = ask("compare small --by activation --tuned").out
    assert "tuned" in page and "on the half of the repeats that did not choose its setting" in page
    has_two = any(len(set(group["tuned_settings"])) > 1 for group in groups)
    assert ("the halves chose different ones" in page) == has_two


def test_a_two_way_table_has_a_column_per_alternative(ask, rows):
    table = rows("compare small --by architecture,optimizer --table", "--of", "e_v")
    groups = {
        (row["architecture"], row["optimizer"]): row["e_v"] for row in rows("compare small --by architecture,optimizer")
    }
    assert {(row["architecture"], name): row[name] for row in table for name in row if name != "architecture"} == groups
    page = ask("compare small --by architecture,optimizer --table").out
    assert "**" in page and "cannot be told apart" in page
    told = ask("compare small --by architecture --table")
    assert told.code == 2 and "two settings, but received 1" in told.err


def test_show_says_which_inputs_do_not_vary(ask, invoke):
    assert "none (all vary" in ask("show 1").out
    invoke("run", "--data", "digits", "--hidden", "none", "--epochs", "1", "--engine", "local", "--db", "digits.db")
    page = invoke("show", 1, "--db", "digits.db")
    names = invoke("show", 1, "--db", "digits.db", "--format", "json").json["constant_columns"]
    assert names and all(name in page.out for name in names)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("trials smal", "did you mean 'small'"),
        ("show 999", "the highest number is 48"),
        ("show 99999999999999999999", "there is no trial"),
        ("epochs 1 999", "no trial 999"),
        ("epochs smal", "did you mean 'small'"),
        ("trials 99", "there is no sweep '99'"),
        ("trials 99999999999999999999", "there is no sweep"),
        ("trials small --sort e_", "did you mean 'e_"),
        ("trials small --columns e_x", "did you mean 'e_"),
        ("compare small --by activatio", "did you mean 'activation'"),
        ("compare small --by activation --columns e_x", "did you mean 'e_"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(line, pattern, ask):
    answer = ask(line)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1 and pattern in answer.err


UNREADABLE = ("unknown", "trials", "show seven", "trials small --limit 0", "trials small --format xml")


@pytest.mark.parametrize("line", UNREADABLE)
def test_what_cannot_be_read_is_told_in_one_line_with_the_way_to_help(line, ask):
    answer = ask(line)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("fitgap: ") and " --help" in answer.err and answer.err.count("\n") == 1


@pytest.mark.parametrize("line", ASK)
def test_asking_without_a_database_makes_none(line, invoke, tmp_path):
    answer = invoke(*line.split())
    assert (answer.code, answer.out) == (2, "")
    assert "there is no database fitgap.db" in answer.err
    assert not list(tmp_path.iterdir())


def test_asking_changes_nothing(ask, trained_database):
    before = trained_database.read_bytes()
    for line in ASK:
        ask(line)
    assert trained_database.read_bytes() == before


LINES = [*ASK, "diagnose small", "importance small", "list optimizers", "--help", "run --help"]


@pytest.mark.parametrize("line", per_commit(["epochs small", "run --help"], LINES))
def test_asking_loads_neither_ray_nor_polars_nor_alembic_and_help_not_even_numpy(line, trained_database, tmp_path):
    database = () if "--help" in line or line.startswith("list") else ("--db", str(trained_database))
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *line.split(), *database],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"


def piped(line, reader, folder):
    """Runs `fitgap … | reader`; the completed process has fitgap's exit code and the error output of all."""
    command = Path(sys.executable).parent / "fitgap"
    pipe = f"'{command}' {line} | {reader} > /dev/null; exit ${{PIPESTATUS[0]}}"
    return subprocess.run(["bash", "-c", pipe], cwd=folder, capture_output=True, text=True, check=False)


# tests/runner/cli/test_exit_codes.py and test_streams.py have such readers, too.
@pytest.mark.nightly
@pytest.mark.parametrize("line", ["epochs small", "epochs small --format csv", "trials small --format json"])
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_pipe_that_closes_early_gives_no_complaint(line, reader, trained_database, tmp_path):
    assert piped(f"{line} --db '{trained_database}'", reader, tmp_path).stderr == ""
    assert piped("--help", reader, tmp_path).stderr == ""


@pytest.mark.nightly
def test_a_pipe_that_closes_early_is_no_failed_trial(trained_database, tmp_path):
    """Exit code 1 means that trials failed; a reader that stops early is no failure."""
    assert piped(f"trials small --format json --db '{trained_database}'", "true", tmp_path).returncode in (0, 141)


def test_groups_that_cannot_be_told_apart_from_the_best_are_counted(ask):
    told = ask("compare", "small", "--by", "configuration").out.splitlines()[-1]
    rows = json.loads(ask("compare", "small", "--by", "configuration", "--format", "json").out)
    known = [row["could_be_best"] for row in rows if row["could_be_best"] is not None]
    count, unknown = sum(known), len(rows) - len(known)
    assert len(known) > 2
    which = " with an interval" if unknown else ""
    if unknown:
        assert told.endswith(f" {unknown} group{' has' if unknown == 1 else 's have'} no interval.")
    if count == len(known):
        assert told.startswith(f"None of the other {count - 1} groups{which} can be told apart from the best.")
    elif count == 1:
        assert told.startswith(f"All other groups{which} are worse than the best.")
    else:
        others = "1 other group" if count == 2 else f"{count - 1} other groups"
        assert told.startswith(f"The best and {others} cannot be told apart.")
    named = ask("compare", "small", "--by", "configuration", "--against", "relu").out
    assert "told apart" not in named and "worse than" not in named


def test_why_there_are_no_differences_is_said(invoke):
    """The two architectures differ in depth and in width, so no pair of configurations differs in depth alone."""
    quick = ("--data", "iris", "--epochs", "1", "--engine", "local")
    invoke("run", *quick, "--hidden", "2", "--hidden", "4-4", "--name", "odd")
    told = invoke("compare", "odd", "--by", "architecture.depth").out
    assert "No differences: no two trials of the same repeat differ in architecture.depth alone" in told
    assert "No differences" not in invoke("compare", "odd", "--by", "architecture").out


def test_configurations_are_compared_by_their_settings_and_their_hashes(invoke):
    invoke(
        "run", "--data", "iris", "--hidden", "2", "--hidden", "8", "--epochs", "1", "--name", "two", "--engine", "local"
    )
    answer = invoke("compare", "two", "--by", "configuration")
    rows = [line.split()[:2] for line in answer.out.splitlines()]
    hashes = {each["architecture"]: each["configuration"] for each in invoke("trials", "two", "--format", "json").json}
    assert answer.code == 0
    for architecture, found in hashes.items():
        assert [architecture, found] in rows
