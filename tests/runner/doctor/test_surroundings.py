"""Surroundings that can make the program fail are reported with name and remedy, and harmless ones are not."""

import errno
import os
import socket
import subprocess
import sys

import pytest
from fitgap.runner.doctor import State, surroundings
from fitgap.runner.doctor.surroundings import (
    check_loopback,
    check_proc,
    clock_finding,
    encoding_finding,
    shadow_findings,
    variable_findings,
)


@pytest.mark.parametrize(
    "name",
    [
        *("RAY_memory_monitor_refresh_ms", "RAY_BACKEND_LOG_LEVEL", "PYTHONHOME"),
        *("LD_PRELOAD", "DYLD_INSERT_LIBRARIES"),
    ],
)
def test_variables_that_change_how_others_work_are_told(name):
    (finding,) = variable_findings({name: "value", "PATH": "/bin"})
    assert finding.state is State.WARNING
    assert name in finding.found and f"unset {name}" in finding.advice


@pytest.mark.parametrize(
    "name", ["RAY_ADDRESS", "RAY_TMPDIR", "RAY_AUTH_MODE", "OMP_NUM_THREADS", "http_proxy", "HOME"]
)
def test_variables_that_do_no_harm_are_not_told(name):
    assert not list(variable_findings({name: "value", "PYTHONHOME": ""}))


@pytest.fixture
def library(own_folder):
    """A user's folder with modules of many kinds."""
    folder = own_folder / "library"
    for name in ("alembic", "ray", "empty_numpy", "rich"):
        (folder / name).mkdir(parents=True)
    for name in ("alembic/__init__", "ray/__init__", "numpy", "queue", "mine"):
        (folder / f"{name}.py").touch()
    # Without `__init__.py`, it hides nothing.
    (folder / "rich/notes.txt").touch()
    return folder


def test_modules_that_hide_others_are_named(library):
    (finding,) = shadow_findings(f"/missing:{library}")
    assert finding.state is State.PROBLEM
    assert "alembic, numpy, queue, ray," in finding.found and str(library) in finding.found
    assert "PYTHONPATH" in finding.advice


@pytest.mark.parametrize("path", [":/missing", "/missing:", "/missing::/other"])
def test_an_empty_entry_is_the_current_folder(path, library, monkeypatch):
    monkeypatch.chdir(library)
    (finding,) = shadow_findings(path)
    assert "the current folder" in finding.found


def test_without_entries_the_current_folder_hides_nothing(library, monkeypatch):
    monkeypatch.chdir(library)
    assert not list(shadow_findings(""))


def test_hidden_modules_are_told_even_where_nothing_else_can_be_loaded(library):
    code = "from fitgap.runner.doctor import findings_of; print(findings_of('modules', None))"
    environment = {**os.environ, "PYTHONPATH": str(library)}
    (library / "queue.py").unlink()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "has alembic, numpy, ray," in done.stdout


def test_the_program_itself_and_what_is_installed_hide_nothing():
    repository = os.path.dirname(os.path.dirname(os.path.dirname(surroundings.__file__)))
    installed = os.path.dirname(os.path.dirname(pytest.__file__))
    assert not list(shadow_findings(f"{repository}:{installed}"))


@pytest.mark.parametrize(("encoding", "state"), [("utf-8", State.OK), ("UTF8", State.OK), ("ascii", State.WARNING)])
def test_an_encoding_without_all_letters_is_a_warning(encoding, state):
    finding = encoding_finding(encoding)
    assert finding.state is state
    assert ("PYTHONUTF8" in finding.advice) == (state is State.WARNING)


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("now", "last", "state"),
    [
        *((NOW, None, State.OK), (NOW, NOW - 1e6, State.OK), (NOW, NOW + 30, State.OK)),
        *((NOW, NOW + 3600, State.WARNING), (0.0, None, State.WARNING), (1e9, 5.0, State.WARNING)),
    ],
)
def test_a_clock_that_cannot_be_right_is_a_warning(now, last, state):
    assert clock_finding(now, last).state is state


def imitated_proc(folder, number):
    process = folder / str(number)
    process.mkdir(parents=True)
    (process / "stat").write_text("1 (x) S")
    (folder / "self").symlink_to(str(number))
    return folder


def test_proc_is_well_here():
    (finding,) = check_proc(None)
    assert finding.state is State.OK


def test_a_proc_that_is_missing_or_of_another_container_is_a_problem(tmp_path):
    (missing,) = check_proc(None, tmp_path / "missing")
    (other,) = check_proc(None, imitated_proc(tmp_path / "other", os.getpid() + 1))
    assert missing.state is other.state is State.PROBLEM
    assert "No such file" in missing.found and "another container" in other.found


def test_a_proc_that_hides_this_process_is_a_problem(tmp_path):
    proc = imitated_proc(tmp_path, os.getpid())
    (proc / str(os.getpid()) / "stat").unlink()
    (finding,) = check_proc(None, proc)
    assert finding.state is State.PROBLEM


def test_elsewhere_than_on_linux_nothing_is_said_of_proc(tmp_path, monkeypatch):
    monkeypatch.setattr(surroundings.sys, "platform", "darwin")
    assert not list(check_proc(None, tmp_path))


def test_loopback_is_well_here():
    (finding,) = check_loopback(None)
    assert finding.state is State.OK


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EPERM])
def test_a_loopback_that_is_down_or_forbidden_is_a_problem(code, monkeypatch):
    def refuse(*arguments):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(surroundings.socket, "create_connection", refuse)
    (finding,) = check_loopback(None)
    assert finding.state is State.PROBLEM
    assert os.strerror(code) in finding.found and "ip link set lo up" in finding.advice


def test_a_loopback_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(surroundings, "LOOPBACK_SECONDS", 0.1)
    monkeypatch.setattr(socket.socket, "sendall", lambda connection, content: None)
    (finding,) = check_loopback(None)
    assert finding.state is State.PROBLEM and "timed out" in finding.found
