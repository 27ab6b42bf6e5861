"""Peers such as Optuna: they never write to our own database, and their errors are one line without a password."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest
from fitgap.runner.errors import IntegrationError
from fitgap.runner.integrations.optuna_study import TABLES
from fitgap.runner.integrations.peers import import_peer, peer_address, peer_errors_in_one_line, without_telemetry


def test_a_path_is_a_file_and_an_address_stays_one():
    assert (
        peer_address("study.db", None) == peer_address("sqlite:///study.db", None) == f"sqlite:///{Path.cwd()}/study.db"
    )
    assert peer_address("postgres://me:p%40ss@host/x", None) == "postgresql+psycopg://me:p%40ss@host/x"
    for other in ("mysql://me:secret@host/x", "http://127.0.0.1:5000"):
        assert peer_address(other, None) == other


@pytest.mark.parametrize(
    ("target", "ours"),
    [
        ("fitgap.db", None),
        ("./fitgap.db", "sqlite:///fitgap.db"),
        ("postgresql://me:x@host/ours", "postgres://me:x@host/ours"),
    ],
)
def test_our_own_database_is_refused(target, ours):
    with pytest.raises(IntegrationError, match="fitgap's own database"):
        peer_address(target, ours)


def test_a_link_to_our_own_database_is_refused_too():
    Path("fitgap.db").touch()
    Path("link.db").symlink_to("fitgap.db")
    with pytest.raises(IntegrationError, match="fitgap's own database"):
        peer_address("link.db", None)


@pytest.mark.parametrize(("extra", "requirement"), [("optuna", "optuna<6,>=4"), ("mlflow", "mlflow-skinny<4,>=2.14")])
def test_a_missing_package_is_told_with_how_to_install_it(extra, requirement):
    with pytest.raises(IntegrationError, match=f"no_such_package, .*pip install '{requirement}'"):
        import_peer("no_such_package", extra)


def test_errors_of_a_peer_are_one_line_without_the_password():
    address = "mysql://me:canary@host/x"
    with pytest.raises(IntegrationError) as told, peer_errors_in_one_line("Optuna", address):
        raise ValueError(f"cannot connect\n to {address}")
    assert "\n" not in str(told.value) and "canary" not in str(told.value) and "cannot connect" in str(told.value)


def test_a_peer_reports_its_use_to_nobody_and_the_environment_comes_back(monkeypatch):
    """A setting of the user is not changed."""
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    before = dict(os.environ)
    with without_telemetry():
        assert (os.environ["DO_NOT_TRACK"], os.environ["MLFLOW_DISABLE_TELEMETRY"]) == ("0", "true")
    assert dict(os.environ) == before


def make_tables(path, *names):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for name in names:
            connection.execute(f"CREATE TABLE {name} (id INTEGER)")


@pytest.mark.parametrize(
    ("tables", "refused"),
    [
        (("customer", "invoice"), True),
        (("experiments", "runs", "alembic_version"), True),
        (("fitgap_version", "sweep"), True),
        (("studies", "trials", "version_info", "alembic_version"), False),
        ((), False),
    ],
)
def test_a_file_of_another_program_is_refused_and_left_as_it_is(tables, refused):
    make_tables("theirs.db", *tables)
    Path("link.db").symlink_to("theirs.db")
    before = Path("theirs.db").read_bytes()
    for name in ("theirs.db", "link.db", "sqlite:///theirs.db"):
        if refused:
            with pytest.raises(IntegrationError, match=r"belongs to another program: it contains .*; name"):
                peer_address(name, None, TABLES)
        else:
            peer_address(name, None, TABLES)
    assert Path("theirs.db").read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["link.db", "theirs.db"]


def test_what_is_no_database_is_refused_as_a_place_to_send_to():
    Path("notes.txt").write_text("precious " * 100)
    Path("folder").mkdir()
    for name in ("notes.txt", "folder"):
        with pytest.raises(IntegrationError, match=f"{name} is not an SQLite database that can be read; name another"):
            peer_address(name, None, TABLES)
    assert Path("notes.txt").read_text() == "precious " * 100
