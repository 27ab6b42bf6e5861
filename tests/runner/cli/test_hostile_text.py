"""Text from a database or a file never controls the terminal, is never markup, and never changes the text direction."""

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from support.sampling import every

# These tests share slow fixtures, so they run in one worker.
pytestmark = pytest.mark.xdist_group("hostile text")

# Clear the screen, set the title, bell, backspace, line breaks, text direction, invisible characters; C1 and DEL.
CONTROLS = "\x1b[2J\x1b]0;owned\x07\b\r\v\x85\x9b2J\x7f\u202e\u2066\u2028\u2029\u200b\ufeff\u061c\u2060"
MARKUP = "[red]:smile:[/kg][link=x]"
HOSTILE = f"{MARKUP}{CONTROLS}"
TEXT_COLUMNS = {
    "data_set": ("name",),
    "sweep": ("note", "program_version"),
    "configuration": (
        *("architecture", "layers", "activation", "output_activation", "initializer", "regularizer"),
        *("optimizer", "schedule", "stopping", "loss"),
    ),
    "trial": ("reason", "note"),
}
FORMATS = (("--format", "table"), ("--format", "json"), ("--format", "csv"))
ASKING = [
    ("sweeps",),
    ("trials", "1", "--limit", "3", "--columns", "+note,tags,status,regularizer"),
    ("trials", "1", "--limit", "2", "--columns", "note"),
    ("show", "1"),
    ("compare", "1", "--by", "activation,regularizer"),
    ("importance", "1"),
    ("diagnose", "1"),
    ("tag", "1"),
    ("note", "1"),
    ("epochs", "1"),
    ("db", "status"),
]
DOING = [
    ("diagnose", f"small{HOSTILE}"),
    ("replay", "1"),
    ("resume", "1", "--engine", "local"),
    ("retry", "1", "--engine", "local"),
    ("cancel", "1"),
    ("rename", "1", "fine"),
    ("delete", "1"),
    ("send", "1", "--optuna", "study.db"),
    ("trials", HOSTILE),
    ("trials", "1", "--where", HOSTILE),
    ("trials", "1", "--sort", HOSTILE),
    ("trials", "1", "--columns", HOSTILE),
    ("compare", "1", "--by", HOSTILE),
    ("list", HOSTILE),
    (HOSTILE,),
    ("show", HOSTILE),
    ("sweeps", "--db", f"{CONTROLS}.db"),
    ("sweeps", f"--{HOSTILE}"),
    ("run", "--data", f"{HOSTILE}.csv"),
    ("run", "--data", HOSTILE),
    ("run", "--data", "xor", "--activation", HOSTILE),
    ("run", f"{CONTROLS}.yaml"),
    ("predict", "1", f"{CONTROLS}.csv"),
    ("tag", "1", HOSTILE),
]


@pytest.fixture(scope="module")
def hostile(trained_database, tmp_path_factory):
    """A database in which every text ends with characters that must not reach a terminal; for reading."""
    path = tmp_path_factory.mktemp("hostile") / "hostile.db"
    shutil.copy(trained_database, path)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in TEXT_COLUMNS.items():
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = coalesce({column}, '') || ?", (HOSTILE,))
        names = [f"{HOSTILE}{number}" for number in range(4)]
        connection.execute("UPDATE data_set SET input_names = ?, class_names = ?", 2 * (json.dumps(names),))
        connection.execute("UPDATE data_set SET target_names = ?", (json.dumps(names[:1]),))
        # Counts of classes other than those just renamed would be damage.
        connection.execute("DELETE FROM confusion")
        connection.execute("DELETE FROM class_count")
        connection.execute("UPDATE split SET constant_columns = '[0, 1]'")
        connection.execute("UPDATE sweep SET name = 'small' || ?", (HOSTILE,))
        connection.execute("UPDATE driver SET environment = ?", (json.dumps({HOSTILE: HOSTILE}),))
        connection.execute("UPDATE trial SET learned = ?", (json.dumps({HOSTILE: 0.5}),))
        connection.execute("INSERT INTO sweep_tag VALUES (1, ?)", (HOSTILE,))
        connection.execute("INSERT INTO trial_tag VALUES (1, ?)", (HOSTILE,))
    connection.close()
    return path


def commands_of(text):
    """The characters that are neither printable nor part of one of our own escape sequences."""
    plain = re.sub(r"\x1b\[(\d+(;\d+)*)?m|\x1b\[\?25[hl]|\x1b\[\d*[AK]|\r", "", text)
    return [character for character in plain if not (character.isprintable() or character == "\n")]


@pytest.mark.parametrize("how", FORMATS, ids=lambda how: how[1])
@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_no_text_of_a_database_commands_the_terminal(words, how, hostile, in_place):
    options = () if words == ("db", "status") and how[1] == "table" else how
    code, written = in_place(*words, *options, "--db", hostile)
    assert code in (0, 2)
    assert commands_of(written) == []


@pytest.mark.parametrize(
    "words", every(3, DOING), ids=[words[0] if words[0].isascii() else "command" for words in DOING]
)
def test_no_error_and_no_report_commands_the_terminal(words, hostile, in_place, own_folder):
    copy = shutil.copy(hostile, own_folder / "copy.db")
    database = () if "--db" in words or words[0] in ("list", HOSTILE) else ("--db", copy)
    code, written = in_place(*words, *database)
    assert code in (0, 1, 2)
    assert commands_of(written) == []


def test_markup_and_emoji_codes_in_names_are_printed_as_they_are(hostile, in_place, plain_text):
    """In cells, notes, labels and pages."""
    for words in (("sweeps",), ("trials", "1", "--columns", "architecture"), ("show", "1"), ("note", "1")):
        _, written = in_place(*words, "--db", hostile, columns=400)
        assert MARKUP in plain_text(written)


@pytest.mark.parametrize(
    "name", every(3, ["weight [kg]", "weight [/kg]", ":smile:", "[bold]", "[link=http://x]y[/link]", "\\[x]"])
)
def test_names_of_columns_are_never_markup(name, invoke, own_folder):
    """As an input, target and class, from the file to the prediction."""
    rows = "".join(f"{number},{number % 3},{name if number % 2 else 'b'}\n" for number in range(20))
    (own_folder / "data.csv").write_text(f'"{name}",other,"{name} y"\n{rows}')
    options = ("--target", f"{name} y", "--hidden", "2", "--epochs", "2", "--engine", "local")
    ran = invoke("run", "--data", "data.csv", *options)
    assert ran.code == 0, ran.err
    predicted = invoke("predict", "1", "data.csv")
    assert predicted.code == 0, predicted.err
    assert f"{name} y" in predicted.out
    missing = invoke("run", "--data", "data.csv", "--target", f"{name}?", "--hidden", "2")
    assert missing.code == 2 and name in missing.err
