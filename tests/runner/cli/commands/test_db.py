"""What `fitgap db` prints about the status of a database, upgrades, copies and backups."""

import re
import shutil
from pathlib import Path

import pytest
from fitgap.runner.messages import Block
from fitgap.runner.store.schema.version import newest_version
from support.databases.new_databases import PostgresDatabases
from support.databases.raw_rows import raw_rows
from support.sampling import on_sqlite_per_commit

LEGACY = Path(__file__).parents[3] / "legacy" / "0001.db"
KEYS = ["database", "kind", "program_version", "schema", "newest_schema", "bytes", "sweeps", "trials", "epochs"]


@pytest.fixture
def old():
    """A database with the first schema, in the current folder."""
    return shutil.copy(LEGACY, "fitgap.db")


def test_the_status_counts_what_is_there(store, database, database_kind, make_plan, driver, make_rows, invoke):
    store.add_sweep(make_plan(3, 2))
    driver.claim([1, 2])
    driver.record(Block(make_rows([1, 1, 2], [1, 2, 1]), ()))
    answer = invoke("db", "status", "--db", database, "--format", "json")
    assert answer.code == 0 and list(answer.json) == KEYS
    assert (answer.json["sweeps"], answer.json["trials"], answer.json["epochs"]) == (1, 6, 3)
    assert answer.json["schema"] == answer.json["newest_schema"] == newest_version()
    assert answer.json["kind"] == {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database_kind]
    assert answer.json["bytes"] > 10_000
    table = invoke("db", "status", "--db", database)
    assert f"schema    {newest_version()}, the newest" in table.out.splitlines()
    assert table.out.splitlines()[-3:] == ["sweeps    1", "trials    6", "epochs    3"]
    header, row = invoke("db", "status", "--db", database, "--format", "csv").out.splitlines()
    assert header.split(",") == KEYS and row.endswith(",1,6,3")


def test_the_status_names_the_database_of_the_environment_without_its_password(database, invoke, monkeypatch):
    monkeypatch.setenv("FITGAP_DB", database)
    told = invoke("db", "status", "--format", "json").json["database"]
    assert told == database or told == "{1} at {0}".format(*database.partition("@")[2].split("/"))


def test_the_status_of_an_old_database_says_how_to_upgrade_it(old, invoke):
    before = Path("fitgap.db").read_bytes()
    answer = invoke("db", "status")
    assert f"schema    0001, older than this program's {newest_version()}; run `fitgap db upgrade`" in answer.out
    assert answer.out.splitlines()[-3:] == ["sweeps    4", "trials    20", "epochs    89"]
    assert Path("fitgap.db").read_bytes() == before


def test_a_server_without_tables_has_a_status(postgres, invoke):
    made = PostgresDatabases(postgres, "template1")
    answer = invoke("db", "status", "--db", made.make())
    made.close()
    assert (answer.code, answer.err) == (0, "")
    assert "schema    none yet; `fitgap run` creates the tables" in answer.out


def test_an_upgrade_says_what_it_did_and_where_the_copy_is(old, invoke):
    answer = invoke("db", "upgrade")
    kept = "the previous state is in fitgap.db.0001.backup"
    told = f"upgraded the database from schema 0001 to {newest_version()}; {kept}\n"
    assert (answer.code, answer.out, answer.err) == (0, told, "")
    assert raw_rows("fitgap.db.0001.backup") == raw_rows(str(LEGACY))
    again = invoke("db", "upgrade")
    assert (again.code, again.out) == (0, "the database is up to date\n")
    assert invoke("sweeps").code == 0


def test_asking_an_old_database_says_how_to_upgrade_it_and_changes_nothing(old, invoke):
    answer = invoke("sweeps")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith("run `fitgap db upgrade`\n") and len(answer.err.splitlines()) == 1
    assert Path("fitgap.db").read_bytes() == LEGACY.read_bytes()


def test_a_run_upgrades_an_old_file_and_says_so(old, invoke):
    answer = invoke("run", "--data", "xor", "--hidden", "2", "--epochs", "2", "--engine", "local", "--name", "new")
    assert answer.code == 0
    assert answer.err.splitlines()[0] == (
        f"fitgap: upgraded the database from schema 0001 to {newest_version()}; "
        "the previous state is in fitgap.db.0001.backup"
    )
    assert [row["name"] for row in invoke("sweeps", "--format", "json").json][-1] == "new"


def test_an_upgrade_does_not_make_a_database(invoke):
    answer = invoke("db", "upgrade", "--db", "missing.db")
    assert answer.code == 2 and "there is no database missing.db" in answer.err
    assert not list(Path().iterdir())


@on_sqlite_per_commit
def test_a_copy_is_a_database_of_its_own(trained_database, empty_database, invoke, small_counts):
    answer = invoke("db", "copy", trained_database, empty_database)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"copied; sweeps: 1, trials: {small_counts[0]}, epochs: ")
    for command in (("trials", "small", "--sort", "e_v"), ("epochs", "small"), ("show", "3")):
        both = [invoke(*command, "--format", "json", "--db", each).json for each in (trained_database, empty_database)]
        assert both[0] == both[1]
    assert invoke("trials", "small", "--format", "json", "--db", empty_database).json[0]["status"] == "completed"


def test_a_backup_and_going_back_to_it_say_where_everything_is(invoke, trained_database):
    shutil.copy(trained_database, "fitgap.db")
    answer = invoke("db", "backup")
    assert (answer.code, answer.out, answer.err) == (0, "backed up to fitgap.db.backup\n", "")
    assert invoke("db", "backup", "mine.db").out == "backed up to mine.db\n"
    assert invoke("delete", "small", "--yes").code == 0
    answer = invoke("db", "restore", "mine.db")
    told = f"restored fitgap.db, schema {newest_version()}; the previous content is in fitgap.db.before-restore\n"
    assert (answer.code, answer.out, answer.err) == (0, told, "")
    assert raw_rows("fitgap.db") == raw_rows(str(trained_database))


@on_sqlite_per_commit
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("backup", "mine.db"), "mine.db already exists and is never overwritten; name another file"),
        (("backup", "missing/x.db"), "the folder of the database missing/x.db does not exist; create it first"),
        (("backup", "--db", "none.db"), "there is no database none.db; `fitgap run` creates one, --db names another"),
        (("restore", "none.db"), "there is no file none.db to restore; `fitgap db backup` creates one"),
        (("restore", "fitgap.db"), "fitgap.db is the database itself; name a backup of it"),
        (
            ("restore", "mine.db", "--db", "postgresql://me@h/x"),
            "fitgap backs up SQLite files only; .*",
        ),
    ],
)
def test_what_cannot_be_backed_up_or_restored_is_told_in_a_line(words, told, invoke, trained_database):
    for name in ("fitgap.db", "mine.db"):
        shutil.copy(trained_database, name)
    answer = invoke("db", *words)
    assert (answer.code, answer.out) == (2, "") and re.fullmatch(f"fitgap: {told}\n", answer.err)
