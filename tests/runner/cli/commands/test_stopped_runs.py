"""Stopped sweeps, and how they resume."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.driver import SweepStoppedError
from fitgap.runner.engine import in_process
from fitgap.runner.engine.local_processes import pool
from fitgap.runner.engine.local_processes.worker_process import WorkerProcess
from support.cli.refusals import assert_refused, one_line

COMMAND = Path(sys.executable).parent / "fitgap"
QUICK = ("--data", "iris", "--hidden", "4", "--epochs", "2", "--engine", "local")


@pytest.mark.parametrize("sweep", ["nothing", "99"])
def test_resuming_what_is_not_there_is_refused_and_makes_nothing(sweep, invoke):
    assert_refused(invoke("resume", sweep, "--engine", "local"), "there is no database")
    invoke("run", *QUICK)
    answer = invoke("resume", sweep, "--engine", "local")
    assert (answer.code, answer.out) == (2, "") and one_line(answer.err)


def test_resuming_a_finished_sweep_shows_its_leaderboard_again(invoke):
    first = invoke("run", *QUICK)
    again = invoke("resume", "iris", "--engine", "local")
    assert (again.code, again.out) == (0, first.out)


@pytest.fixture
def stopped_on_a_file(invoke, monkeypatch):
    """A sweep on `data/points.csv` in `points.db`, started in the folder `data` and stopped at once."""
    Path("data").mkdir()
    Path("data/points.csv").write_text("x,y\n" + "".join(f"{each},{each % 3}.5\n" for each in range(30)))
    flags = ("--target", "y", "--epochs", "1", "--engine", "local", "--db", "../points.db")

    def interrupted(task, dataset, should_stop):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.chdir("data")
        patched.setattr(in_process, "train_pack", interrupted)
        answer = invoke("run", "--data", "points.csv", *flags)
    assert answer.code == 130
    assert answer.err.splitlines()[-1] == "continue with: fitgap resume points --db ../points.db"


def test_resume_knows_a_data_file_from_any_folder(invoke, stopped_on_a_file):
    """The sweep is resumed in another folder than it was started in."""
    answer = invoke("resume", "points", "--engine", "local", "--db", "points.db")
    assert answer.code == 0, answer.err


def test_resume_refuses_data_that_changed(invoke, stopped_on_a_file, monkeypatch):
    """Trials of one sweep could not be compared if their examples differed."""
    monkeypatch.chdir("data")
    Path("points.csv").write_text(Path("points.csv").read_text().replace("0,0.5", "0,99.5"))
    answer = invoke("resume", "points", "--engine", "local", "--db", "../points.db")
    assert (answer.code, answer.out) == (2, "") and one_line(answer.err)
    assert [row["status"] for row in invoke("trials", "points", "--db", "../points.db", "--format", "json").json] == [
        "pending"
    ]


def wait_for_epochs(running):
    """Wait until a process that trains into `fitgap.db` has written epochs, or has ended."""
    end = time.monotonic() + 60
    while not counted("fitgap.db", "SELECT 1 FROM epoch LIMIT 1") and running.poll() is None and time.monotonic() < end:
        time.sleep(0.02)


def counted(database, query):
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []


def test_control_c_stops_an_in_process_sweep_which_resumes_to_the_same_bits(tmp_path, invoke):
    """In a real process, in the middle of training."""
    flags = ["--data", "digits", "--hidden", "16", "--epochs", "60", "--repeats", "6", "--engine", "local"]
    running = subprocess.Popen(
        [COMMAND, "run", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    wait_for_epochs(running)
    os.kill(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert out == ""
    assert "fitgap resume digits" in err and "Traceback" not in err
    statuses = {status for (status,) in counted("fitgap.db", "SELECT DISTINCT status FROM trial")}
    assert "pending" in statuses and "running" not in statuses
    assert invoke("resume", "digits", "--engine", "local").code == 0
    assert invoke("run", *flags, "--name", "undisturbed").code == 0
    resumed, undisturbed = (invoke("epochs", name, "--format", "json").json for name in ("digits", "undisturbed"))
    assert [[*row.values()][1:] for row in resumed] == [[*row.values()][1:] for row in undisturbed]
    assert len(resumed) == 360


def test_processes_started_while_the_plan_is_written_end_where_it_cannot_be(invoke, monkeypatch):
    started = []

    class Noted(WorkerProcess):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            started.append(self.process)

    monkeypatch.setattr(pool, "WorkerProcess", Noted)
    Path("folder").mkdir()
    flags = ("--data", "digits", "--hidden", "64-32", "--epochs", "1000", "--workers", "2")
    answer = invoke("run", *flags, "--db", "folder")
    assert answer.code == 2 and one_line(answer.err) and "is a folder" in answer.err
    assert len(started) == 2 and all(process.returncode is not None for process in started)
    assert invoke("run", *flags, "--dry-run").code == 0 and len(started) == 2


def test_a_stopped_sweep_can_be_told_through_any_context():
    """contextlib sets the traceback of an error that passes through it."""
    with pytest.raises(SweepStoppedError, match="digits"), passing_on():
        raise SweepStoppedError("digits", 3)


@contextlib.contextmanager
def passing_on():
    yield
