"""Names and places of SQLite files that risk losing data are refused in one line."""

import os
import shutil
from pathlib import Path

import pytest
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store_for_writing
from fitgap.runner.store.admin.copy import copy_database
from fitgap.runner.store.schema.backup import back_up_database


@pytest.fixture
def made(sqlite_template):
    """A fitgap database in the current folder."""
    shutil.copy(sqlite_template, "fitgap.db")
    return Path("fitgap.db")


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_names_of_side_files_are_no_names_of_databases(ending, made):
    """SQLite would take it for a side file of `other.db` and remove it, or never open `other.db` again."""
    taken = f"other.db{ending}"
    for action in (
        lambda: open_store_for_writing(taken),
        lambda: back_up_database("fitgap.db", taken),
        lambda: copy_database("fitgap.db", taken),
    ):
        with pytest.raises(StoreError, match="choose a name that does not end in -wal, -shm or -journal"):
            action()
    assert not Path(taken).exists()


def test_a_file_with_two_names_is_not_written_to(made):
    """SQLite keeps one log per name, and one of the logs would be lost."""
    os.link(made, "second.db")
    for name in ("fitgap.db", "second.db"):
        with pytest.raises(StoreError, match=r"has 2 names \(hard links\)"):
            open_store_for_writing(name)
    Path("second.db").unlink()
    open_store_for_writing("fitgap.db").close()


def test_a_file_that_is_gone_or_another_is_told(made):
    def replace():
        shutil.copy(made, "new.db")
        os.replace("new.db", made)

    for change in (made.unlink, replace):
        shutil.copy(made, "kept.db") if made.exists() else shutil.copy("kept.db", made)
        with open_store_for_writing("fitgap.db") as store:
            store.require_in_place()
            change()
            with pytest.raises(StoreError, match="deleted, moved or replaced while it was in use"):
                store.require_in_place()
        for each in Path().glob("fitgap.db-*"):
            each.unlink()


def test_a_folder_that_is_renamed_takes_its_database_along(sqlite_template):
    Path("before").mkdir()
    shutil.copy(sqlite_template, "before/fitgap.db")
    here = Path.cwd()
    os.chdir("before")
    try:
        with open_store_for_writing("fitgap.db") as store:
            (here / "before").rename(here / "after")
            store.require_in_place()
    finally:
        os.chdir(here)


def test_numbers_beyond_those_of_a_database_are_one_line(trained_database, invoke):
    for arguments in (
        ["trials", "small", "--limit", str(2**63)],
        ["trials", "small", "--offset", str(2**64), "--format", "json"],
        ["show", str(2**64)],
        ["epochs", str(2**70)],
    ):
        answer = invoke(*arguments, "--db", trained_database)
        assert answer.code == 2 and answer.err.count("\n") == 1, answer.err
        assert answer.err.startswith("fitgap: ") and "Traceback" not in answer.err


def test_text_that_is_none_is_one_line(trained_database, invoke):
    """Bytes of the command line that are not UTF-8 arrive as surrogates."""
    answer = invoke("trials", "small\udcff", "--db", trained_database)
    assert answer.code == 2 and "bytes that are not valid characters" in answer.err and answer.err.count("\n") == 1


def test_no_null_byte_and_nothing_but_text_names_a_database():
    for wrong in (7, b"x.db", "x\0.db", "x\ud800.db", ["x.db"]):
        with pytest.raises(StoreError):
            open_store_for_writing(wrong)
    with open_store_for_writing(Path("a path.db")) as store:
        assert store.sweeps() == []
