"""Damaged rows, which fitgap would not have written: every command either answers or names the row in one line."""

import contextlib
import random
import shutil
import sqlite3

import polars as pl
import pytest
from fitgap.runner.errors import FitgapError, StoreError
from fitgap.runner.frames.frame_store import open_store as open_frames
from fitgap.runner.store.admin.damage import damage_in, damage_reported
from fitgap.runner.store.database.addresses import database_url
from fitgap.runner.store.schema.tables import metadata
from support.sampling import every_row, steps

# Damaged values, as SQL, by table and column.
DAMAGE = {
    ("sweep", "created"): ("'yesterday'", "1e300", "-9e999"),
    ("sweep", "reference_at"): ("'nowhere'", "7"),
    ("sweep", "skill"): ("'much'",),
    ("sweep", "name"): ("NULL", "CAST(x'ff41' AS TEXT)", "x'00'"),
    ("sweep", "specification"): ("'{'", "'[]'", "NULL", "'" + "[" * 100_000 + "'"),
    ("data_set", "input_names"): ("'{}'", "'null'", "5"),
    ("split", "preprocessing"): ("'x'",),
    ("configuration", "settings"): ("'{}'", "'5'", "NULL"),
    ("configuration", "learning_rate"): ("'fast'", "NULL"),
    ("configuration", "parameters"): ("1099511627776", "'many'"),
    ("trial", "status"): ("'asleep'", "NULL", "7"),
    ("trial", "verdict"): ("'fine'",),
    ("trial", "e_v"): ("'low'", "x'00'", "9e999"),
    ("trial", "started"): ("1e18",),
    ("trial", "learned"): ("'{'",),
    ("trial", "configuration_id"): ("99",),
    ("driver", "environment"): ("'no'",),
    ("epoch", "e_t"): ("'x'",),
    ("evidence", "content"): ("'text'",),
    ("class_count", "last"): ("'{'", "'{}'", "NULL", "x'00'"),
}
QUESTIONS = [
    *(("sweeps",), ("sweeps", "--size"), ("trials", "small"), ("trials", "small", "--format", "json"), ("show", "1")),
    *(("show", "1", "--format", "json"), ("epochs", "1"), ("compare", "small", "--by", "activation"), ("tag", "small")),
    *(("diagnose", "small"), ("diagnose", "1"), ("importance", "small"), ("export", "1", "-o", "x.npz"), ("note", "1")),
    *(("trials", "small", "--format", "parquet", "-o", "x.parquet"), ("epochs", "small", "--format", "csv")),
    *(("trials", "small", "--sort", "recall_v.setosa"), ("trials", "small", "--where", "error_v.setosa < 0.5")),
]


@pytest.fixture
def damaged(trained_database, own_folder):
    """`damaged(table, column, value)`: a database with this value in a column of a table's first row."""

    def make(table, column, value):
        path = shutil.copy(trained_database, own_folder / "fitgap.db")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = ?", (table,))
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            key = next(iter(metadata.tables[table].primary_key)).name
            first = f"(SELECT min({key}) FROM {table})"
            connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {key} = {first}")
        return str(path)

    return make


@pytest.mark.parametrize("step", steps(10))
@pytest.mark.parametrize(("table", "column"), every_row(4, DAMAGE))
def test_every_question_answers_or_names_the_row(table, column, step, damaged, invoke):
    """On every commit, only a sample of the commands is tried for each damaged column. The samples differ."""
    luck = random.Random(f"{table} {column}")
    for value in DAMAGE[table, column]:
        path = damaged(table, column, value)
        for question in luck.sample(QUESTIONS, len(QUESTIONS) // step):
            answer = invoke(*question)
            assert "Traceback" not in answer.err
            assert answer.code == 0 or (answer.code == 2 and answer.err.count("\n") == 1), (value, question, answer)
        found = damage_in(database_url(path))
        assert (found is not None and found.startswith(table)) or "refers to a missing row" in found, value
        assert found.isprintable() and len(found) < 200


def test_what_is_told_names_the_row_the_value_and_the_way_out(damaged, invoke):
    damaged("sweep", "created", "'yesterday'")
    answer = invoke("sweeps")
    assert answer.err == (
        "fitgap: the database fitgap.db is damaged or was not written by fitgap: "
        "sweep 1 has 'yesterday' as its created; restore a backup with `fitgap db restore`, "
        "or name another database with --db\n"
    )


def test_frames_tell_it_too(damaged):
    for table, column, value in (("sweep", "created", "1e300"), ("trial", "e_v", "'low'"), ("trial", "status", "'x'")):
        path = damaged(table, column, value)
        with open_frames(path) as store:
            for ask in (store.sweeps, lambda: store.trials("small"), lambda: store.show(1)):
                with contextlib.suppress(FitgapError):
                    assert isinstance(ask(), pl.DataFrame)


def test_a_sound_database_has_no_damage_and_other_errors_stay_what_they_are(trained_database):
    assert damage_in(database_url(str(trained_database))) is None
    with (
        open_frames(str(trained_database)) as store,
        pytest.raises(ZeroDivisionError),
        damage_reported(store._rows._engine),
    ):
        raise ZeroDivisionError
    with pytest.raises(StoreError, match="no trial"), open_frames(str(trained_database)) as store:
        store.show(10**9)
