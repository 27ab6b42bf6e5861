"""Ray's processes lose one in ten of their requests and responses to each other: the sweep has the same results."""

import json
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from support.faults.commands import run, running
from support.faults.evidence import Evidence

SWEEPS = 3
# Ray itself gives up now and then: its server does not start, and its library then ends its own process.
GIVEN_UP = ("Ray has ended unexpectedly", "Ray could not be started", "Ray has not started")
MOST_STARTS = 20
# Probabilities in percent, without a limit on the number: requests that are lost, responses that are lost, and requests
# that are reported as failed while they are still being processed.
LOST = {"num_failures": -1, "req_failure_prob": 10, "resp_failure_prob": 10, "in_flight_failure_prob": 10}
INJECTED = re.compile(
    r"Inject RPC (request failure|response failure while request in flight|response failure) for (\S+)"
)
SWEEP = """\
name: long
data: digits
repeats: 16
training: {epochs: 60}
axes:
  architecture: [16, 32-16]
  activation: [relu, {prelu: {learn: beta}}]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: [0.1, 1e+30]}}]
"""


def lost_messages(temporary):
    """How often each kind of loss has hit each message so far, according to the logs of Ray's host and workers."""
    found = Counter()
    for log in temporary.glob("fitgap-*/ray/session_2*/logs/python-core-*.log"):
        found.update(
            (kind, name.rpartition(".")[2]) for kind, name in INJECTED.findall(log.read_text(errors="replace"))
        )
    return found


def train_until_ended(folder, temporary):
    """Run the sweep, and resume it whenever Ray gives up; returns how often Ray was started and which messages were
    lost.
    """
    verb, lost = ("run", "long.yaml"), Counter()
    for start in range(1, MOST_STARTS + 1):
        (folder / "err").unlink(missing_ok=True)
        last = Counter()
        with running(*verb, "--engine", "ray", "--workers", "2", folder=folder) as command:
            while command.poll() is None:
                last = lost_messages(temporary) or last
                time.sleep(0.2)
        lost += last
        if command.returncode == 0:
            return start, lost
        told = (folder / "err").read_text()
        assert any(words in told for words in GIVEN_UP), told[-2000:]
        verb = ("resume", "long")
    raise AssertionError(f"Ray gave up {MOST_STARTS} times")


@pytest.fixture
def ray_folder(monkeypatch):
    """Ray's folder. Its path is short because the length of socket paths is limited."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.mark.nightly
def test_a_sweep_on_a_ray_that_loses_messages_finds_the_same(tmp_path, ray_folder, monkeypatch):
    (tmp_path / "long.yaml").write_text(SWEEP)
    assert run("run", "long.yaml", "--engine", "local", folder=tmp_path)[0] == 0
    undisturbed = Evidence(str(tmp_path / "fitgap.db")).export
    monkeypatch.setenv("RAY_testing_rpc_failure", json.dumps({"*": LOST}))
    lost, starts = Counter(), 0
    for number in range(SWEEPS):
        folder = tmp_path / f"sweep-{number}"
        folder.mkdir()
        (folder / "long.yaml").write_text(SWEEP)
        started, messages = train_until_ended(folder, ray_folder)
        starts, lost = starts + started, lost + messages
        found = Evidence(str(folder / "fitgap.db"))
        found.check_whole()
        assert found.export == undisturbed
    print(f"{lost.total()} messages lost in {SWEEPS} sweeps and {starts} starts of Ray: {lost.most_common()}")
    # These include tasks sent to workers and blocks sent back.
    assert {name for _, name in lost} >= {"PushTask", "ReportGeneratorItemReturns"}
    assert len({kind for kind, _ in lost}) == 3
