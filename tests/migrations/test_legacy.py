"""Databases of every earlier schema: upgrades keep all rows, and queries give the same answers as at that time."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from fitgap.core.fit_verdicts import RULE
from fitgap.runner.driver import drive, stored_sweep
from fitgap.runner.store import open_store, open_store_for_writing
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.admin.upgrade import upgrade_database
from fitgap.runner.store.schema import version
from fitgap.runner.store.schema.version import newest_version
from support.databases.new_databases import PostgresDatabases
from support.databases.raw_rows import columns_of, raw_rows
from support.sampling import at_night, on_sqlite_per_commit, per_commit, steps

LEGACY = Path(__file__).parents[1] / "legacy"
FILES = sorted(LEGACY.glob("*.db"))
# Per commit, the oldest and the newest schema.
ENDS = pytest.mark.parametrize(
    "legacy", per_commit([FILES[0], FILES[-1]], FILES), indirect=True, ids=[path.name for path in FILES]
)
# What an upgrade changes on purpose: schema 0001 does not show whether a trial is still running, so running trials
# become pending.
CHANGED = {"0001": {"'running'": "'pending'"}}
# Columns that a newer rule for verdicts recomputes from what is stored.
COMPUTED = ("excess", "underfit", "overfit", "verdict", "fitted", "fit_rule", "reference_id")
# Earlier programs computed it with intervals that were too narrow, so it may only have grown.
GROWN = "repeats_needed"


@pytest.fixture(params=FILES, ids=lambda path: path.name)
def legacy(request, tmp_path):
    """A copy of a database with an earlier schema."""
    return Path(shutil.copy(request.param, tmp_path))


def measured_columns(path):
    """The columns of every table in a file, except those that are recomputed."""
    return {table: [name for name in names if name not in COMPUTED] for table, names in columns_of(str(path)).items()}


def as_upgraded(rows, version):
    changed = CHANGED.get(version, {})
    return {
        table: sorted(tuple(changed.get(value, value) for value in row) for row in listed)
        for table, listed in rows.items()
    }


def answers_of(address):
    """The program's answers about a database, with the keys of the JSON files next to the databases."""
    with open_store(address) as store:
        sweeps = store.sweeps()
        names = [row["name"] for row in sweeps]
        trials = {name: store.trials(name) for name in names}
        return {
            "sweeps": sweeps,
            "trials": trials,
            "epochs": {name: store.sweep_epochs(name) for name in names},
            "show": {str(row["trial"]): store.show(row["trial"]) for rows in trials.values() for row in rows},
            "compare": {name: compared(store, name) for name in names},
        }


def compared(store, name):
    """The groups of a sweep with a fixed baseline, because intervals for differences from the best group are wider
    today.
    """
    keys = ["activation", "optimizer"]
    baseline = next((row["against"] for row in store.compare(name, keys)), None)
    return store.compare(name, keys, against=baseline)


def alike(now, then):
    """Whether an answer still contains all of the earlier one: keys may have been added, and sums may be rounded
    differently.
    """
    if isinstance(then, dict):
        return isinstance(now, dict) and all(
            key in now and (has_grown if key == GROWN else alike)(now[key], then[key]) for key in then
        )
    if isinstance(then, list):
        return len(now) == len(then) and all(map(alike, now, then))
    return now == (pytest.approx(then, rel=1e-12) if isinstance(then, float) else then)


def has_grown(now, then):
    return now == then or (None not in (now, then) and now > then)


def then_answered(path):
    """The earlier program's answers, with the changes that the upgrade makes."""
    answers = json.loads((LEGACY / path.name).with_suffix(".json").read_text())
    for row in every_trial(answers):
        # No program before schema 0003 gave verdicts.
        assert path.stem >= "0003" or row["verdict"] is None
    for row in [*every_trial(answers), *(row for rows in answers["compare"].values() for row in rows)]:
        for name in [name for name in row if name in COMPUTED or name.endswith("_trials")]:
            del row[name]
    if path.stem not in CHANGED:
        return answers
    for row in answers["sweeps"]:
        row["pending"], row["running"] = row["pending"] + row["running"], 0
    for row in every_trial(answers):
        row["status"] = "pending" if row["status"] == "running" else row["status"]
    return answers


def every_trial(answers):
    return [*answers["show"].values(), *(row for rows in answers["trials"].values() for row in rows)]


@ENDS
def test_verdicts_are_computed_anew_with_the_same_numbers(legacy):
    """Before schema 0005, no honest errors were stored, so the reference is the configuration with the lowest best
    E_v.
    """
    then = json.loads((LEGACY / legacy.name).with_suffix(".json").read_text())
    upgrade_database(str(legacy))
    with contextlib.closing(sqlite3.connect(legacy)) as connection:
        fitted = connection.execute("SELECT fit_rule, reference_at FROM sweep WHERE reference_id > 0").fetchall()
    expected = {"best"} if legacy.stem < "0005" else {"cross_fit", "last"}
    assert fitted and {rule for rule, _ in fitted} == {RULE} and {at for _, at in fitted} <= expected
    now = {row["trial"]: row for row in every_trial(answers_of(str(legacy)))}
    known = [row for row in every_trial(then) if row["verdict"] is not None]
    assert (len(known) > 0) == (legacy.stem >= "0003")
    assert all(now[row["trial"]]["verdict"] for row in known)
    for name in ("underfit", "overfit"):
        assert [now[row["trial"]][name] for row in known] == pytest.approx([row[name] for row in known], rel=1e-9)


def test_every_schema_before_the_newest_has_its_database():
    revisions = [path.name[:4] for path in (version.FOLDER / "versions").glob("[0-9]*.py")]
    assert {path.stem for path in FILES} >= set(revisions) - {newest_version()}
    assert all(path.stat().st_size < 200_000 for path in FILES)


def test_every_row_is_as_it_was(legacy):
    columns = measured_columns(legacy)
    before = raw_rows(str(legacy), columns)
    assert all(before.values())
    upgrade_database(str(legacy))
    assert as_upgraded(raw_rows(str(legacy), columns), legacy.stem) == as_upgraded(before, legacy.stem)


@pytest.mark.nightly
@ENDS
@pytest.mark.parametrize("step", steps(16))
def test_an_upgrade_killed_anywhere_leaves_every_row_as_it_was_or_as_it_becomes(
    step, legacy, start_upgraders, tmp_path
):
    """The upgrades with the real migrations are killed before their statements."""
    upgraders = start_upgraders(version.FOLDER)
    columns, upgraded = measured_columns(legacy), str(shutil.copy(legacy, tmp_path / "upgraded.db"))
    _, count = upgraders(0, upgraded)
    expected = {version_of(path): raw_rows(str(path), columns) for path in (legacy, upgraded)}
    assert int(count) > 12 and set(expected) == {legacy.stem, newest_version()}
    for statement in range(int(count), 0, -step):
        path = str(shutil.copy(legacy, tmp_path / f"killed-{statement}.db"))
        assert upgraders(statement, path) == ["-9", "?"]
        stored = version_of(path)
        assert raw_rows(path, columns) == expected[stored]
        assert stored == legacy.stem or Path(f"{path}.{legacy.stem}.backup").exists()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def version_of(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ((stored,),) = connection.execute(f"SELECT * FROM {version.VERSION_TABLE}")
    return stored


@ENDS
def test_the_answers_are_what_they_were(legacy):
    then = then_answered(legacy)
    assert then["epochs"]["first"] and then["show"]
    upgrade_database(str(legacy))
    for question, answer in answers_of(str(legacy)).items():
        assert alike(answer, then[question]), question


@ENDS
def test_a_server_gives_the_same_answers(legacy, postgres, postgres_template):
    upgrade_database(str(legacy))
    made = PostgresDatabases(postgres, postgres_template)
    address = made.make()
    copy_database(str(legacy), address)
    then = then_answered(legacy)
    for question, answer in answers_of(address).items():
        assert alike(answer, then[question]), question
    made.close()


def unfinished():
    """Every unfinished sweep; per commit, one of the oldest and one of the newest schema."""
    for path in FILES:
        for name in ("stopped", "killed"):
            case = pytest.param if (path, name) in ((FILES[0], "stopped"), (FILES[-1], "killed")) else at_night
            yield case(path, name, id=f"{path.name}-{name}")


@on_sqlite_per_commit
@pytest.mark.parametrize(("legacy", "name"), list(unfinished()), indirect=["legacy"])
def test_what_was_left_unfinished_is_finished(legacy, name):
    """This includes a trial whose driver was killed after writing some of its epochs."""
    upgrade_database(str(legacy))
    with open_store_for_writing(str(legacy)) as store:
        drive(store, stored_sweep(store, name), engine="local", workers=None, on_block=lambda block: None)
        assert {row["status"] for row in store.trials(name)} <= {"completed", "failed", "cancelled"}
        done = [row for row in store.trials(name) if row["status"] == "completed"]
        planned = store.show(done[0]["trial"])["settings"]["epochs"]
        assert len(done) >= 2 and all(row["epochs"] == planned for row in done)
        epochs = store.sweep_epochs(name)
        assert len(epochs) == planned * len(done)
        last = {row["trial"]: (row["e_t"], row["e_v"]) for row in epochs if row["epoch"] == planned}
        assert last == {row["trial"]: (row["e_t"], row["e_v"]) for row in done}
