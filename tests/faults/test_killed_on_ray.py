"""`kill -9` of the command while it trains on Ray: its processes end, its files are removed, and the sweep can be
resumed as if undisturbed.
"""

import contextlib
import functools
import random
import signal
import sqlite3
import time
from pathlib import Path
from statistics import median

import pytest
from support.faults.commands import descendants, is_alive, kill, run, running, title, wait_until
from support.faults.evidence import Evidence

SWEEP = """\
name: long
data: digits
repeats: REPEATS
training: {epochs: EPOCHS}
axes:
  architecture: [16, 32-16]
  activation: [relu, {prelu: {learn: beta}}]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: [0.1, 1e+30]}}]
"""
LONGEST_SECONDS_OF_LEFT_PROCESSES = 30.0
# The requirement is 10 s on an idle machine; most of it is Ray's startup.
LONGEST_SECONDS_TO_CLAIM = 60.0
# Five runs of forty kills each, so that no run takes long. The longest life is 2.5 times the time that the first one
# needs to claim trials, which is mostly Ray's startup: twelve seconds on an idle machine.
RUNS, KILLS, LONGEST_LIFE_IN_STARTS = range(5), 40, 2.5
REPEATS, EPOCHS = 42, 100


def write_sweep(folder, repeats, epochs):
    (folder / "long.yaml").write_text(SWEEP.replace("REPEATS", str(repeats)).replace("EPOCHS", str(epochs)))


def ask(folder, statement):
    """The rows that a query returns; none if the database has no tables yet. Much faster than reading all evidence."""
    path = folder / "fitgap.db"
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection,
    ):
        return connection.execute(statement).fetchall()
    return []


def epochs(folder):
    """The numbers of every epoch, by trial and epoch."""
    return {row[:2]: row[2:] for row in ask(folder, "SELECT * FROM epoch")}


def folders_of(started):
    """The folders of the Ray instance that was started; they are arguments of its watchdog."""
    return {Path(title(process).split()[-2]) for process in started if "watchdog.py" in title(process)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """`undisturbed(repeats, epochs)`: the results of the sweep in one process that is not disturbed."""

    @functools.cache
    def train(repeats, epochs):
        folder = tmp_path_factory.mktemp("undisturbed")
        write_sweep(folder, repeats, epochs)
        assert run("run", "long.yaml", "--engine", "local", folder=folder)[0] == 0
        return Evidence(str(folder / "fitgap.db")).export

    return train


def die(command):
    """Kill the command; returns the seconds until all processes that it had started were gone."""
    started = descendants(command.pid)
    started |= descendants(command.pid)
    folders = folders_of(started)
    command.send_signal(signal.SIGKILL)
    command.wait()
    seconds = wait_until(lambda: not any(map(is_alive, started)), LONGEST_SECONDS_OF_LEFT_PROCESSES)
    left = list(filter(is_alive, started))
    kill(left)
    assert not left, list(map(title, left))
    assert not [each for each in folders if each.exists()]
    return seconds


@pytest.mark.nightly
def test_a_killed_command_leaves_no_process_and_is_resumed_to_the_same_numbers(tmp_path, undisturbed):
    write_sweep(tmp_path, 2, 40)
    with running("run", "long.yaml", "--engine", "ray", "--workers", "2", folder=tmp_path) as command:
        assert wait_until(lambda: epochs(tmp_path)) is not None
        before = epochs(tmp_path)
        die(command)
    assert before.items() <= epochs(tmp_path).items()
    code, text = run("resume", "long", "--engine", "local", folder=tmp_path)
    assert code == 0, text
    after = Evidence(str(tmp_path / "fitgap.db"))
    after.check_whole()
    assert before.items() <= epochs(tmp_path).items()
    assert after.export == undisturbed(2, 40)


@pytest.mark.nightly
@pytest.mark.parametrize("number", RUNS)
def test_killed_again_and_again_at_any_moment_a_sweep_of_a_thousand_trials_comes_to_the_same_numbers(
    number, tmp_path, undisturbed
):
    """Kills also happen while Ray starts. Nothing shown is lost, each new run claims trials soon, and no process is
    left.
    """
    luck = random.Random(number)
    figures = {"claim": [], "left": []}
    sweeps = kills = 0
    longest_life = None
    while kills < KILLS:
        folder = tmp_path / f"sweep-{sweeps}"
        folder.mkdir()
        write_sweep(folder, REPEATS, EPOCHS)
        while kills < KILLS and not has_ended(folder):
            kills += 1
            if longest_life is None:
                live_until_claimed(folder, figures)
                longest_life = LONGEST_LIFE_IN_STARTS * figures["claim"][0]
            else:
                live_and_die(folder, luck.uniform(0.2, longest_life), figures)
        code, text = run("resume", "long", "--engine", "ray", "--workers", "2", folder=folder)
        assert code == 0, text
        found = Evidence(str(folder / "fitgap.db"))
        found.check_whole()
        assert len(found.trials) == 2 * 2 * 2 * 3 * REPEATS and found.export == undisturbed(REPEATS, EPOCHS)
        sweeps += 1
    print(f"run {number}: {kills} kills in {sweeps} sweeps of {len(found.trials)} trials")
    for name in ("claim", "left"):
        seconds = figures[name]
        print(f"  {name}: {len(seconds)} times, at most {max(seconds):.1f} s, in the middle {median(seconds):.1f} s")
    assert max(figures["claim"]) < LONGEST_SECONDS_TO_CLAIM


def has_ended(folder):
    """Whether every trial of the sweep has ended; False if there are no trials yet."""
    statuses = {status for (status,) in ask(folder, "SELECT DISTINCT status FROM trial")}
    return bool(statuses) and not statuses & {"pending", "running"}


def live_until_claimed(folder, figures):
    """The first run, which is killed as soon as it has claimed trials."""
    live_and_die(folder, LONGEST_SECONDS_TO_CLAIM, figures, is_over_with_claim=True)
    assert figures["claim"], "it claimed nothing"


def live_and_die(folder, seconds, figures, *, is_over_with_claim=False):
    """Let the command continue the sweep for some time, then kill it; everything stored before is still stored."""
    before, known = epochs(folder), claimers(folder)
    verb = ("resume", "long") if ask(folder, "SELECT 1 FROM trial LIMIT 1") else ("run", "long.yaml")
    with running(*verb, "--engine", "ray", "--workers", "2", folder=folder) as command:
        began = time.monotonic()
        claimed = wait_until(lambda: claimers(folder) - known, seconds)
        if claimed is not None:
            figures["claim"].append(claimed)
            seconds = 0.0 if is_over_with_claim else seconds
            time.sleep(max(0.0, began + seconds - time.monotonic()))
        last = epochs(folder)
        figures["left"].append(die(command))
    assert before.items() <= last.items() and last.items() <= epochs(folder).items()


def claimers(folder):
    """The drivers that hold trials."""
    return {driver for (driver,) in ask(folder, "SELECT DISTINCT driver_id FROM trial WHERE status = 'running'")}
