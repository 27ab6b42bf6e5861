"""Ray's workers are killed again and again: the sweep still ends, with the same results and in reasonable time."""

import random
import time

import pytest
from support.faults.commands import descendants, kill, running, title
from support.faults.evidence import Evidence

KILLS, SECONDS_BETWEEN = 100, 2.0
SLOWER = 2.0
WORKER = "ray::train_pack"
SWEEP = """\
name: long
data: digits
repeats: 40
training: {epochs: 400}
axes:
  architecture: [16, 32-16]
  activation: [relu, {prelu: {learn: beta}}]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: 0.1}}]
"""


def train(folder, disturb):
    """Train the sweep on Ray while it is disturbed; returns what was found and how long it took."""
    folder.mkdir()
    (folder / "long.yaml").write_text(SWEEP)
    began = time.monotonic()
    with running("run", "long.yaml", "--engine", "ray", "--workers", "2", folder=folder) as command:
        while command.poll() is None:
            disturb(command)
        assert command.returncode == 0, (folder / "err").read_text()
    return Evidence(str(folder / "fitgap.db")), time.monotonic() - began


@pytest.mark.nightly
def test_a_hundred_workers_die_and_nothing_is_lost(tmp_path):
    luck = random.Random(4)
    undisturbed, usual = train(tmp_path / "undisturbed", lambda command: time.sleep(0.1))
    killed, seconds, sweeps = 0, 0.0, 0

    def kill_one(command):
        nonlocal killed
        time.sleep(SECONDS_BETWEEN)
        workers = sorted(process for process in descendants(command.pid) if title(process).startswith(WORKER))
        if workers and killed < KILLS:
            kill([luck.choice(workers)])
            killed += 1

    while killed < KILLS:
        found, took = train(tmp_path / f"sweep-{sweeps}", kill_one)
        found.check_whole()
        assert found.export == undisturbed.export
        sweeps, seconds = sweeps + 1, seconds + took
    print(
        f"{killed} workers killed in {sweeps} sweeps, each {seconds / sweeps / usual:.2f} times as long as undisturbed"
    )
    assert seconds / sweeps < SLOWER * usual
