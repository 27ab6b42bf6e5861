"""`kill -9` of the command while Ray works for it: Ray's processes end, and the sweep goes on as if undisturbed."""

import random
import signal
import time
from statistics import median

import pytest
from harness.commands import descendants, is_alive, kill, run, running, title, wait_until
from harness.evidence import Evidence

from runner.errors import StoreError

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
# The plan asks for 10 s, on a machine that does nothing else; most of it is Ray's start.
LONGEST_SECONDS_TO_CLAIM = 60.0
KILLS, LONGEST_LIFE_SECONDS = 200, 12.0


def write_sweep(folder, repeats, epochs):
    (folder / "long.yaml").write_text(SWEEP.replace("REPEATS", str(repeats)).replace("EPOCHS", str(epochs)))


def look(folder):
    """What is in the database; None where there is none yet."""
    try:
        return Evidence(str(folder / "fitgap.db"))
    except StoreError:
        return None


@pytest.fixture
def undisturbed(tmp_path):
    """`undisturbed(repeats, epochs)`: what the sweep finds in one process to which nothing happens."""

    def train(repeats, epochs):
        folder = tmp_path / "undisturbed"
        folder.mkdir()
        write_sweep(folder, repeats, epochs)
        assert run("run", "long.yaml", "--engine", "local", folder=folder)[0] == 0
        return Evidence(str(folder / "fitgap.db")).export

    return train


def die(command, folder):
    """Kill the command; returns the seconds after which nothing of what it had started was left."""
    started = descendants(command.pid)
    started |= descendants(command.pid)
    command.send_signal(signal.SIGKILL)
    command.wait()
    seconds = wait_until(lambda: not any(map(is_alive, started)), LONGEST_SECONDS_OF_LEFT_PROCESSES)
    left = list(filter(is_alive, started))
    kill(left)
    assert not left, list(map(title, left))
    return seconds


def test_a_killed_command_leaves_no_process_and_is_resumed_to_the_same_numbers(tmp_path, undisturbed):
    write_sweep(tmp_path, 2, 40)
    with running("run", "long.yaml", "--engine", "ray", "--workers", "2", folder=tmp_path) as command:
        assert wait_until(lambda: (found := look(tmp_path)) and found.epochs) is not None
        before = look(tmp_path)
        die(command, tmp_path)
    assert before.epochs.items() <= look(tmp_path).epochs.items()
    code, text = run("resume", "long", "--engine", "local", folder=tmp_path)
    assert code == 0, text
    after = look(tmp_path)
    after.check_whole()
    assert before.epochs.items() <= after.epochs.items()
    assert after.export == undisturbed(2, 40)


@pytest.mark.nightly
def test_killed_again_and_again_at_any_moment_a_sweep_of_a_thousand_trials_comes_to_the_same_numbers(
    tmp_path, undisturbed
):
    """Also while Ray starts. Nothing that anybody saw is lost, each life goes on soon, and no process stays."""
    luck = random.Random(2)
    repeats, epochs = 42, 100
    expected = undisturbed(repeats, epochs)
    kills, figures = 0, {"claim": [], "left": []}
    for sweep in range(KILLS):
        folder = tmp_path / f"sweep-{sweep}"
        folder.mkdir()
        write_sweep(folder, repeats, epochs)
        while kills < KILLS and not has_ended(folder):
            kills += 1
            live_and_die(folder, luck.uniform(0.2, LONGEST_LIFE_SECONDS), figures)
        code, text = run("resume", "long", "--engine", "ray", "--workers", "2", folder=folder)
        assert code == 0, text
        found = look(folder)
        found.check_whole()
        assert len(found.trials) == 2 * 2 * 2 * 3 * repeats and found.export == expected
        if kills == KILLS:
            break
    for name, seconds in figures.items():
        print(f"{name}: {len(seconds)} times, at most {max(seconds):.1f} s, in the middle {median(seconds):.1f} s")
    assert max(figures["claim"]) < LONGEST_SECONDS_TO_CLAIM


def has_ended(folder):
    found = look(folder)
    return found is not None and not found.counts["pending"] and not found.held


def live_and_die(folder, seconds, figures):
    """Let the command go on with the sweep for some time, then kill it; what was there before is there afterwards."""
    before = look(folder)
    verb = ("run", "long.yaml") if before is None else ("resume", "long")
    with running(*verb, "--engine", "ray", "--workers", "2", folder=folder) as command:
        began = time.monotonic()
        claimed = wait_until(lambda: has_claimed(folder, before), seconds)
        if claimed is not None:
            figures["claim"].append(claimed)
            time.sleep(max(0.0, began + seconds - time.monotonic()))
        last = look(folder)
        figures["left"].append(die(command, folder))
    after = look(folder)
    if before is not None:
        assert before.epochs.items() <= last.epochs.items()
    if last is not None:
        assert last.epochs.items() <= after.epochs.items()


def has_claimed(folder, before):
    """Whether a driver that is not among those of before holds trials."""
    found = look(folder)
    known = {row.id for row in before.rows["driver"]} if before else set()
    return found is not None and bool(set(found.held) - known)
