"""The database and its folder: everything that can be wrong is reported, and the checks change nothing."""

import hashlib
import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing

import pytest
from fitgap.runner.doctor import State
from fitgap.runner.doctor import database as database_checks
from fitgap.runner.doctor.database import check_database, check_database_folder
from fitgap.runner.files import file_systems
from fitgap.runner.store import open_store_for_writing

DiskUsage = namedtuple("DiskUsage", "total used free")


def states(findings):
    return [finding.state for finding in findings]


def content(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_folder_without_a_database_is_well_and_stays_without(own_folder):
    assert states(check_database_folder(None)) == states(check_database(None)) == [State.OK]
    assert not list(own_folder.iterdir())


def test_a_database_is_told_and_its_folder_stays_as_it_is(trained_database, tmp_path):
    shutil.copy(trained_database, tmp_path / "copied.db")
    before = content(tmp_path)
    (finding,) = check_database("copied.db")
    assert finding.state is State.OK and "copied.db: schema " in finding.found
    assert states(check_database_folder("copied.db")) == [State.OK]
    assert content(tmp_path) == before


def test_a_database_of_either_kind_is_well(database):
    assert states(check_database(database)) == [State.OK]


def test_an_empty_database_of_either_kind_is_well(empty_database):
    (finding,) = check_database(empty_database)
    assert finding.state is State.OK and "fitgap run" in finding.found


def test_a_server_that_does_not_answer_is_a_problem_and_its_password_stays_secret():
    address = "postgresql://someone:canary@127.0.0.1:9/sweeps"
    findings = [*check_database_folder(address), *check_database(address)]
    assert states(findings) == [State.PROBLEM]
    assert "127.0.0.1:9" in findings[0].found + findings[0].advice
    assert "canary" not in str(findings)


def test_the_environment_names_the_database_as_elsewhere(monkeypatch, own_folder):
    monkeypatch.setenv("FITGAP_DB", str(own_folder / "missing" / "some.db"))
    (finding,) = check_database_folder(None)
    assert finding.state is State.PROBLEM and "missing does not exist" in finding.found


def test_what_a_killed_command_has_left_is_a_warning(own_folder):
    left = own_folder / ".fitgap-0a1b2c.part"
    left.mkdir(mode=0o700)
    finding, _ = check_database_folder(None)
    assert finding.state is State.WARNING and str(left) in finding.found and "delete it" in finding.advice
    assert left.is_dir()


def test_a_folder_that_takes_no_file_is_a_problem():
    finding, _ = check_database_folder("/proc/some.db")
    assert finding.state is State.PROBLEM and "--db" in finding.advice


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_a_problem(kind, own_folder, monkeypatch):
    monkeypatch.setattr(file_systems, "MOUNTS", own_folder / "mounts")
    file_systems.MOUNTS.write_text(f"1 1 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {own_folder} rw - {kind} server:/ rw\n")
    finding, _ = check_database_folder(None)
    assert finding.state is State.PROBLEM
    assert kind in finding.found and "PostgreSQL" in finding.advice


@pytest.mark.parametrize(
    ("free", "state"), [(5 * 10**9, State.OK), (5 * 10**8, State.WARNING), (5 * 10**7, State.PROBLEM)]
)
def test_little_room_is_told(free, state, monkeypatch):
    monkeypatch.setattr(database_checks.shutil, "disk_usage", lambda folder: DiskUsage(10**12, 10**12 - free, free))
    (finding,) = check_database_folder(None)
    assert finding.state is state


def test_an_address_that_cannot_be_read_is_told_once():
    findings = [*check_database_folder("sqlite://"), *check_database("sqlite://")]
    assert states(findings) == [State.PROBLEM]


def test_a_file_that_is_no_database_is_a_problem(own_folder):
    (own_folder / "notes.db").write_text("these are notes, not a database, and long enough to be looked at closely")
    (finding,) = check_database("notes.db")
    assert finding.state is State.PROBLEM and "notes.db" in finding.found + finding.advice


def test_a_database_of_another_program_is_a_problem(own_folder):
    with closing(sqlite3.connect(own_folder / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE study (id INTEGER)")
    (finding,) = check_database("other.db")
    assert finding.state is State.PROBLEM and "study" in finding.found and "--db" in finding.advice


def test_a_database_of_a_later_program_is_a_problem_with_a_remedy(own_folder):
    open_store_for_writing("store.db").close()
    with closing(sqlite3.connect(own_folder / "store.db")) as connection, connection:
        connection.execute("UPDATE fitgap_version SET version_num = '9999'")
    (finding,) = check_database("store.db")
    assert finding.state is State.PROBLEM
    assert "9999" in finding.found and finding.advice == "update fitgap"


def test_a_database_that_can_only_be_read_is_a_problem(trained_database, monkeypatch):
    # Root may write everywhere, whatever the permissions.
    monkeypatch.setattr(database_checks.os, "access", lambda path, mode: False)
    (finding,) = check_database(str(trained_database))
    assert finding.state is State.PROBLEM and "permissions" in finding.advice


def test_parts_of_a_database_that_belong_to_another_user_are_a_problem(trained_database, tmp_path, monkeypatch):
    shutil.copy(trained_database, tmp_path / "copied.db")
    (tmp_path / "copied.db-wal").touch()
    assert states(check_database("copied.db")) == [State.OK]
    stat = database_checks.Path.stat

    def of_another(path, **options):
        found = list(stat(path, **options))
        found[4] += path.name.endswith("-wal")
        return os.stat_result(found)

    monkeypatch.setattr(database_checks.Path, "stat", of_another)
    assert database_checks.foreign_files(tmp_path / "copied.db") == [str(tmp_path / "copied.db-wal")]
    (finding,) = check_database("copied.db")
    assert finding.state is State.PROBLEM and "another user" in finding.found and "PostgreSQL" in finding.advice


def test_a_disk_that_can_hold_no_more_files_is_a_problem(monkeypatch, own_folder):
    found = list(os.statvfs(own_folder))
    # The number of files that users other than root may still create.
    found[7] = 0
    monkeypatch.setattr(database_checks.os, "statvfs", lambda folder: os.statvfs_result(found))
    assert states(check_database_folder(None)) == [State.PROBLEM]


@pytest.mark.parametrize("module", ["fcntl", "mmap"])
def test_a_file_system_without_locks_or_mapped_files_is_a_problem(module, monkeypatch):
    def refuse(*arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(getattr(database_checks, module), {"fcntl": "lockf", "mmap": "mmap"}[module], refuse)
    finding, _ = check_database_folder(None)
    assert finding.state is State.PROBLEM and "not supported" in finding.found and "--db" in finding.advice


def test_the_last_change_of_a_database_is_told_where_there_is_one(own_folder):
    assert database_checks.last_written(None) is None
    assert database_checks.last_written("sqlite://") is None
    (own_folder / "some.db").touch()
    os.utime("some.db", (5, 5))
    assert database_checks.last_written("some.db") == 5
