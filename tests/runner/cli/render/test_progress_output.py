"""Where the live line appears, and what is printed next to it: in a terminal and without one."""

import contextlib
import io
import math
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.cli.render.progress import LiveProgress
from fitgap.runner.engine import auto
from fitgap.runner.messages import Block
from support.cli.expected_work import Expected

COMMAND = Path(sys.executable).parent / "fitgap"


def test_without_a_terminal_a_line_is_printed_now_and_then(clock, make_rows, capsys):
    with LiveProgress(Expected({1: (100, 1.0)})) as live:
        for epoch in range(1, 100):
            clock.now += 1.0
            live(Block(make_rows([1], [epoch]), ()))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 9
    assert all(line.startswith("0/1 trials") for line in captured.err.splitlines())


def test_what_is_said_is_printed_once_and_cannot_command_the_terminal(capsys):
    with LiveProgress(Expected({1: (1, 1.0)})) as live:
        for text in ("no Ray [today]", "no Ray [today]", "\x1b[2J gone", "no Ray [today]"):
            live.say(text)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == ["fitgap: no Ray [today]", "fitgap: \\x1b[2J gone"]


def test_in_a_terminal_what_is_said_has_a_line_of_its_own(monkeypatch, make_rows):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with LiveProgress(Expected({1: (3, 1.0)})) as live:
        live(Block(make_rows([1], [1]), ()))
        live.say("no Ray today")
        live(Block(make_rows([1], [2]), ()))
    lines = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue()))
    assert "fitgap: no Ray today" in lines and any("0/1 trials" in line for line in lines)


def test_what_the_engine_tells_is_said_on_standard_error(invoke, small_flags, monkeypatch):
    class Broken:
        is_ready, running, trouble = False, 0, "no Ray today"

        def __init__(self, dataset, workers):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def poll(self, seconds):
            return ()

    for name, value in {
        "WORTH_PROCESSES_SECONDS": math.inf,
        "WORTH_RAY_SECONDS": 0.0,
        "SECONDS_BEFORE_RAY": 0.0,
    }.items():
        monkeypatch.setattr(auto, name, value)
    monkeypatch.setattr(auto, "RayClient", Broken)
    answer = invoke("run", *small_flags, "--engine", "auto", "--workers", "2")
    assert answer.code == 0
    assert answer.err.splitlines().count("fitgap: no Ray today; training continues in 1 process") == 1
    assert "no Ray" not in answer.out


def test_a_terminal_sees_the_line_and_standard_output_does_not(in_terminal, plain_text):
    code, written = in_terminal("run", "--data", "iris", "--hidden", "4", "--epochs", "3", "--engine", "local")
    assert code == 0
    assert "1/1 trials" in plain_text(written) and "best E_v" in plain_text(written)


@pytest.mark.nightly
def test_after_a_killed_driver_the_counts_are_right(own_folder, in_terminal, plain_text):
    """The trials that it held are taken over while the others are already being trained."""
    sweep = "--data iris --hidden 4 --hidden 5 --repeats 4 --epochs 600 --engine local --name long"
    with subprocess.Popen(
        [COMMAND, "run", *sweep.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as killed:
        while not counts_of_trials().get("running"):
            assert killed.poll() is None
            time.sleep(0.02)
        killed.kill()
    counts = counts_of_trials()
    left = counts["running"] + counts.get("pending", 0)
    code, written = in_terminal("resume", "long", "--engine", "local")
    told = [tuple(map(int, each)) for each in re.findall(r"(\d+)/(\d+) trials", plain_text(written))]
    assert code == 0 and told[-1] == (left, left)
    assert all(done <= total == left for done, total in told)


def counts_of_trials():
    """The number of trials with each status; empty while there is no database."""
    try:
        with contextlib.closing(sqlite3.connect("file:fitgap.db?mode=ro", uri=True)) as connection:
            return dict(connection.execute("SELECT status, count(*) FROM trial GROUP BY status"))
    except sqlite3.OperationalError:
        return {}
