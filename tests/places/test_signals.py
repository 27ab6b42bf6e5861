"""Signals at any moment: work in flight is saved, no trial stays `running`, and the last line names a command to
resume.

All of them are nightly: every signal, once and twice, at every moment, with every engine. Each commit stops single
commands in tests/faults/test_interrupts.py, in tests/runner/cli and, with Ray, in
tests/runner/engine/ray/test_engine.py.
"""

import contextlib
import itertools
import os
import signal
import time

import pytest
from support.places.disturbing import (
    LONG,
    MOMENTS,
    STOPPING,
    Disturbance,
    advice,
    has_ended,
    is_stopped,
    is_training,
    statuses,
    wait_for,
)
from support.places.environments import PLAIN
from support.places.environments.environment import Environment
from support.places.leftovers import left_behind
from support.places.stage import Stage
from support.places.starting import Started, run, run_line

# These tests share a fixture that is slow to set up.
pytestmark = [pytest.mark.xdist_group("signals"), pytest.mark.nightly]

ENGINES = ("local", "auto", "ray")
STOPS = [
    Disturbance(name, moment, engine, times, group)
    for name, moment, engine, times, group in itertools.product(STOPPING, MOMENTS, ENGINES, (1, 2), (False, True))
    # The engine `local` starts no other processes.
    if not (engine == "local" and "others" in moment)
]
SUSPENSIONS = [
    Disturbance("TSTP", moment, engine, 1, group)
    for moment, engine, group in itertools.product(MOMENTS, ENGINES, (False, True))
    if not (engine == "local" and "others" in moment)
]


@pytest.fixture(scope="module")
def undisturbed(template):
    """The results of the sweep without any signal."""
    with contextlib.closing(Stage(template)) as stage:
        outcome = run(stage, PLAIN, (*LONG, "--engine", "local"))
        assert outcome.code == 0, outcome.told
        return stage.rows("long")


@pytest.mark.parametrize("disturbance", STOPS, ids=str)
def test_a_signal_stops_a_sweep_that_can_be_continued(disturbance, stage, undisturbed):
    check_stop(disturbance, stage, undisturbed)


@pytest.mark.parametrize("disturbance", SUSPENSIONS, ids=str)
def test_a_suspended_sweep_runs_to_its_end_once_it_is_continued(disturbance, stage, undisturbed):
    check_suspension(disturbance, stage, undisturbed)


def check_stop(disturbance, stage, undisturbed):
    """Stop the sweep, check what is left, run the command in the last line, and compare the results."""
    started = Started(stage, PLAIN, (*LONG, "--engine", disturbance.engine))
    disturbance.disturb(started)
    outcome = started.wait()
    left = left_behind(stage, outcome.before)
    assert not outcome.noise, outcome.told
    assert "running" not in statuses(stage)
    check_code(disturbance, outcome, stage)
    if outcome.code == 130 and statuses(stage) and not has_ended(stage):
        assert advice(outcome.err), outcome.told
    # Without advice, all trials had ended: only the answer was cut off, and there is nothing to resume.
    if advice(outcome.err):
        done = run_line(stage, PLAIN, advice(outcome.err))
        assert done.code == 0, done.told
    if statuses(stage):
        assert stage.rows("long") == undisturbed
    assert not left, left


def check_code(disturbance, outcome, stage):
    """130, unless the signal came before the program could handle it, or after everything was done."""
    if not statuses(stage):
        assert outcome.code in {130, -disturbance.number} and not advice(outcome.err), outcome.told
    elif disturbance.moment == "at its end":
        assert outcome.code in {0, 130}, outcome.told
    else:
        assert outcome.code == 130, outcome.told


def check_suspension(disturbance, stage, undisturbed):
    """Suspend the sweep and continue it; the results are the same as without suspension."""
    started = Started(stage, PLAIN, (*LONG, "--engine", disturbance.engine))
    disturbance.suspend(started)
    outcome = started.wait()
    assert outcome.code == 0 and not outcome.noise, outcome.told
    assert stage.rows("long") == undisturbed
    assert not left_behind(stage, outcome.before)


@pytest.mark.parametrize("engine", ["local", "auto"])
@pytest.mark.parametrize(
    ("ignoring", "name"),
    [
        (Environment("nohup", under="nohup"), "HUP"),
        (Environment("in the background of a script", "trap '' INT QUIT"), "QUIT"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_signal_that_is_ignored_from_the_start_changes_nothing(ignoring, name, engine, stage, undisturbed):
    """`nohup` ignores signals for the command, and so do shells for background processes."""
    started = Started(stage, ignoring, (*LONG, "--engine", engine))
    Disturbance(name, "in training", engine, times=2, group=True).disturb(started)
    outcome = started.wait()
    assert outcome.code == 0 and not outcome.noise, outcome.told
    assert stage.rows("long") == undisturbed


@pytest.mark.parametrize("engine", ["local", "auto"])
def test_a_sweep_whose_terminal_disappears_can_be_continued(engine, stage, undisturbed):
    """As when a window is closed or a connection is lost: a signal arrives, and every stream gives errors."""
    started = Started(stage, Environment("terminal", columns=80), (*LONG, "--engine", engine))
    wait_for(is_training, started)
    started.hang_up()
    assert started.process.wait(60) == 130
    assert "running" not in statuses(stage)
    assert run(stage, PLAIN, ("resume", "long")).code == 0
    assert stage.rows("long") == undisturbed


def test_a_suspended_sweep_is_stopped_by_a_signal_once_it_is_continued(stage, undisturbed):
    """Ctrl-Z, then `kill`: shells send CONT after TERM."""
    started = Started(stage, PLAIN, (*LONG, "--engine", "local"))
    Disturbance("TSTP", "in training", "local").disturb(started)
    assert is_stopped(started.process.pid)
    os.kill(started.process.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.kill(started.process.pid, signal.SIGCONT)
    outcome = started.wait()
    assert outcome.code == 130 and "running" not in statuses(stage), outcome.told
    assert run_line(stage, PLAIN, advice(outcome.err)).code == 0
    assert stage.rows("long") == undisturbed


def test_the_last_line_names_the_sweep_as_it_is_called_then(stage, undisturbed):
    """The sweep was renamed from another terminal while it ran, and its database needs quotes in a shell."""
    (stage.work / "it's mine").mkdir()
    (stage.work / "fitgap.db").rename(stage.work / "it's mine/fitgap.db")
    where = ("--db", "it's mine/fitgap.db")
    started = Started(stage, PLAIN, (*LONG, "--engine", "local", *where))
    wait_for(is_training, started)
    assert run(stage, PLAIN, ("rename", "long", "short", *where)).code == 0
    os.kill(started.process.pid, signal.SIGINT)
    outcome = started.wait()
    assert outcome.code == 130, outcome.told
    done = run_line(stage, PLAIN, advice(outcome.err))
    assert done.code == 0, done.told
    assert stage.rows("short") == undisturbed
