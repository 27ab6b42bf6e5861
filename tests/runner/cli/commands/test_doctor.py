"""`fitgap doctor`: all findings in a terminal of 80 columns or as data, the exit code, and no files left behind.

Ray is started once, by the doctor itself.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fitgap.runner.doctor import CHECKS, State, examine
from fitgap.runner.doctor.finding import warning


@pytest.fixture
def without_ray(monkeypatch):
    monkeypatch.delitem(CHECKS, "Ray")


@pytest.fixture
def imitated(monkeypatch):
    """`imitated(name, check)`: replaces the check of this name."""

    def put(name, check):
        monkeypatch.setattr("fitgap.runner.doctor.machine.imitation", check, raising=False)
        monkeypatch.setitem(CHECKS, name, ("machine", "imitation"))

    return put


@pytest.fixture
def temporary(monkeypatch):
    """An empty folder for temporary files, with a short path, because paths of Ray's sockets must be short."""
    with TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


# Settings for another Ray than ours, such as a cluster that the user works with.
THEIRS = {
    "RAY_TMPDIR": "/proc/nowhere",
    "RAY_ADDRESS": "10.255.255.1:6379",
    "RAY_AUTH_TOKEN_PATH": "/proc/nowhere/token",
    "http_proxy": "http://127.0.0.1:9",
    "OMP_NUM_THREADS": "64",
}


@pytest.mark.nightly
def test_a_healthy_machine_in_a_terminal_of_80_columns(in_terminal, own_folder, temporary, plain_text):
    """Variables for another Ray or for more threads do no harm."""
    code, written = in_terminal("doctor", env=THEIRS)
    lines = plain_text(written).splitlines()
    assert code == 0, written
    assert max(map(len, lines)) <= 80
    assert {line.split("  ")[0].strip() for line in lines} >= {"Python", "numpy", "SQLite", "database", "Ray"}
    assert "started and trained" in written and "BLAS in Ray" in written
    assert not list(own_folder.iterdir())
    # Ray has run here and left nothing behind.
    assert not list(temporary.iterdir())


def test_findings_as_data(invoke, without_ray):
    answer = invoke("doctor", "--format", "json")
    assert answer.code == 0
    assert all(list(row) == ["check", "state", "found", "advice"] for row in answer.json)
    assert all(row["advice"] for row in answer.json if row["state"] != "ok")
    table = invoke("doctor", "--format", "csv").out
    assert table.startswith("check,state,found,advice\n") and table.count("\n") >= len(answer.json)


def test_a_problem_ends_with_1_and_is_told_with_its_advice(invoke, without_ray):
    answer = invoke("doctor", "--db", "/nowhere/some.db")
    assert answer.code == 1
    assert "/nowhere does not exist; create it" in " ".join(answer.out.split())


def test_a_warning_ends_with_0(invoke, without_ray, imitated):
    imitated("cores", lambda database: [warning("cores", "half a core", "buy another")])
    answer = invoke("doctor")
    assert answer.code == 0 and "half a core; buy another" in answer.out


@pytest.mark.parametrize("error", [RuntimeError("broken"), OSError(5, "broken"), ImportError("broken")])
def test_a_check_that_breaks_down_is_a_finding_and_the_others_go_on(error, without_ray, imitated):
    def breaking(database):
        raise error

    imitated("cores", breaking)
    findings = {finding.check: finding for finding in examine(None)}
    assert findings["cores"].state is State.PROBLEM and "broken" in findings["cores"].found
    assert {"numpy", "memory", "BLAS"} <= set(findings)


def test_what_cannot_be_loaded_is_a_finding(without_ray, monkeypatch):
    monkeypatch.setitem(CHECKS, "database", ("of_another_world", "check"))
    (finding,) = [each for each in examine(None) if each.check == "database"]
    assert finding.state is State.PROBLEM and "of_another_world" in finding.found
