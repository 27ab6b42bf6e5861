"""A Ray that cannot be used is reported with the reason, and leaves no process and no file behind."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fitgap.runner.doctor import State, ray_start
from fitgap.runner.doctor.ray_start import check_ray, why_not_trained
from fitgap.runner.engine.ray_client import client
from fitgap.runner.messages import Block, PackFailure, TrialEnd
from fitgap.runner.system.child_processes import start_child
from fitgap.runner.trial_status import Status
from support.sampling import per_commit

TESTS = Path(__file__).parents[2]


@pytest.fixture
def hosted_by(monkeypatch):
    """`hosted_by(name)`: starts one of the stand-ins instead of the process that hosts Ray."""

    def choose(function):
        def start(module, name, *arguments, **options):
            return start_child("support.engine.stand_in_hosts", function, *arguments, **options)

        monkeypatch.setattr(client, "start_child", start)

    return choose


@pytest.fixture(autouse=True)
def temporary(monkeypatch):
    """A short, empty folder for temporary files, which must be empty again afterwards."""
    with TemporaryDirectory(prefix="doctor-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)
        assert not list(Path(folder).iterdir())


# tests/runner/cli/commands/test_doctor.py starts Ray with such variables, too.
@pytest.mark.nightly
def test_variables_for_another_ray_or_other_threads_do_no_harm(monkeypatch):
    """Such as those of a cluster that the user works with. Our Ray has its own folder, address and token, and its
    workers train with one BLAS thread.
    """
    monkeypatch.setenv("RAY_TMPDIR", "/proc/nowhere")
    monkeypatch.setenv("RAY_ADDRESS", "10.255.255.1:6379")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/proc/nowhere/token")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    before = dict(os.environ), threading.enumerate()
    ray, blas = check_ray(None)
    assert (ray.state, blas.state) == (State.OK, State.OK), ray.found
    assert (dict(os.environ), threading.enumerate()) == before


def test_a_ray_that_cannot_be_started_is_a_problem_with_its_reason(hosted_by):
    hosted_by("refuse")
    before = dict(os.environ), threading.enumerate()
    (finding,) = check_ray(None)
    assert (dict(os.environ), threading.enumerate()) == before
    assert finding.state is State.PROBLEM and finding.found.startswith("Ray could not be started: no Ray today")
    assert "--engine local" in finding.advice


def test_a_start_that_takes_too_long_is_ended(monkeypatch, hosted_by):
    """Even if the process does not end when it is asked to."""
    monkeypatch.setattr(ray_start, "PATIENCE_SECONDS", 0.2)
    hosted_by("never_start")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM and "did not start and train within 0 s" in finding.found


def test_a_process_that_dies_without_a_word_is_a_problem(hosted_by):
    hosted_by("die_without_a_word")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM and "-9" in finding.found


def test_in_a_thread_it_works_as_well(hosted_by):
    hosted_by("refuse")
    with ThreadPoolExecutor(1) as threads:
        (finding,) = threads.submit(lambda: list(check_ray(None))).result()
    assert finding.state is State.PROBLEM


def test_only_a_trial_that_was_trained_to_its_end_is_well():
    completed, failed = (Block(None, (TrialEnd(1, status, "why"),)) for status in (Status.COMPLETED, Status.FAILED))
    lost = Block(None, (), failure=PackFailure(None, (1,), "its worker died"))
    assert why_not_trained([completed]) is None
    assert why_not_trained([lost]) == "its worker died"
    assert "why" in why_not_trained([failed])
    assert why_not_trained([])


# The doctor checks only Ray, whose host never starts it. The first line of output is the process id of the host.
WAITING = """
import sys
sys.path.insert(0, sys.argv[1])
from fitgap.runner.cli import main as cli
from fitgap.runner.system.child_processes import start_child
from fitgap.runner.engine.ray_client import client

def start(module, name, *arguments, **options):
    child = start_child("support.engine.stand_in_hosts", "never_start", *arguments, **options)
    print(child.pid, flush=True)
    return child

def work():
    from fitgap.runner.doctor.ray_start import check_ray
    list(check_ray(None))

client.start_child = start
cli.command = work
cli.main(is_whole_process=True)
"""


@pytest.mark.parametrize("name", per_commit(["SIGTERM"], ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]))
def test_a_signal_ends_the_doctor_and_all_that_it_started(name, temporary):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, TESTS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        child = int(process.stdout.readline())
        # Impatient users send it more than once.
        for _ in range(3):
            process.send_signal(getattr(signal, name))
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    # The process may just have begun to load its modules.
    wait_for_end_of(child)


def wait_for_end_of(process, seconds=30.0):
    deadline = time.monotonic() + seconds
    with contextlib.suppress(FileNotFoundError):
        while Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
            assert time.monotonic() < deadline, "it is still there"
            time.sleep(0.05)
