"""A Ray that cannot be used is told with its reason, and leaves no process and no file behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from runner import private_folder
from runner.doctor import State, ending_signals, ray_start
from runner.doctor.ray_start import check_ray, findings_of, why_not_trained
from runner.messages import Block, Loss, TrialEnd
from runner.status import Status


@pytest.fixture
def imitation(tmp_path, monkeypatch):
    """`imitation(script)`: a program in the place of the process that would start Ray."""

    def make(script):
        program = tmp_path / "imitation"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return make


@pytest.fixture(autouse=True)
def temporary(monkeypatch):
    """A short and empty folder for temporary files, which is as empty afterwards."""
    with TemporaryDirectory(prefix="doctor-", dir="/tmp") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)
        assert not list(Path(folder).iterdir())


def test_without_any_suitable_folder_the_reasons_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(private_folder, "places", lambda: ["/missing/folder", "/proc"])
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM
    assert "'/missing/folder' No such file" in finding.found and "'/proc' " in finding.found
    assert "TMPDIR" in finding.advice


def test_a_folder_that_the_user_named_for_ray_does_no_harm(monkeypatch, imitation):
    monkeypatch.setenv("RAY_TMPDIR", "/proc/nowhere")
    answer = json.dumps({"seconds": 1.0, "threads": [1]})
    imitation(f"""touch "$RAY_TMPDIR/x" && echo '{answer}'""")
    assert [finding.state for finding in check_ray(None)] == [State.OK, State.OK]


def test_a_process_that_says_something_else_is_a_problem(imitation):
    imitation("echo Hello")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM and "Hello" in finding.found


@pytest.mark.parametrize(("given", "seen"), [("", ""), ("rel", "{here}/rel"), (":/x", "{here}:/x")])
def test_modules_are_found_where_they_were_although_the_process_is_elsewhere(given, seen, own_folder, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", given)
    assert ray_start.absolute_python_path() == seen.format(here=own_folder)


def test_a_start_that_takes_too_long_is_ended(monkeypatch, imitation):
    monkeypatch.setattr(ray_start, "PATIENCE_SECONDS", 0.2)
    imitation("exec sleep 600")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM and "did not start within 0 s" in finding.found


def test_a_process_that_does_not_end_when_asked_is_ended_all_the_same(monkeypatch, imitation):
    monkeypatch.setattr(ray_start, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(ray_start, "SECONDS_TO_END", 0.2)
    imitation("trap '' TERM; while :; do sleep 1; done")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM


def test_a_process_that_dies_without_a_word_is_a_problem(imitation):
    imitation("kill -9 $$")
    (finding,) = check_ray(None)
    assert finding.state is State.PROBLEM and "without a word" in finding.found


def test_the_last_line_of_a_complaint_is_the_reason_and_not_too_long():
    (finding,) = findings_of("", "Traceback\n  many lines\nOSError: " + "x" * 1000)
    assert "OSError: xxx" in finding.found and len(finding.found) < 400


def test_workers_with_several_threads_are_a_problem():
    ray, blas = findings_of("some line of Ray's\n" + json.dumps({"seconds": 3.0, "threads": [8]}), "")
    assert (ray.state, blas.state) == (State.OK, State.PROBLEM)


def test_only_a_trial_that_was_trained_to_its_end_is_well():
    completed, failed = (Block(None, (TrialEnd(1, status, "why"),)) for status in (Status.COMPLETED, Status.FAILED))
    lost = Block(None, (), loss=Loss(None, (1,), "its worker died"))
    assert why_not_trained([completed]) is None
    assert why_not_trained([lost]) == "its worker died"
    assert "why" in why_not_trained([failed])
    assert why_not_trained([])


WAITING = """
import sys
from runner.doctor.ray_start import check_ray
sys.executable = sys.argv[1]
print(list(check_ray(None)))
"""


@pytest.fixture
def waiting(tmp_path, temporary):
    """A process whose doctor waits for a Ray that never starts, and a file with the number of the process of that."""
    program, number = tmp_path / "imitation", tmp_path / "number"
    program.write_text(f"#!/bin/sh\necho $$ > {number}.new; mv {number}.new {number}; exec sleep 600\n")
    program.chmod(0o755)
    process = subprocess.Popen([sys.executable, "-c", WAITING, str(program)], stderr=subprocess.PIPE)
    while not number.exists():
        assert process.poll() is None
        time.sleep(0.01)
    yield process, int(number.read_text())
    process.kill()
    process.communicate()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_ends_the_doctor_and_all_that_it_started(name, waiting, temporary):
    process, child = waiting
    number = getattr(signal, name)
    # Impatient users send it more than once.
    for _ in range(3):
        process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode in (-number, 128 + number)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert not list(temporary.iterdir())


def test_the_handlers_of_the_user_come_back(imitation):
    before = [signal.getsignal(each) for each in ending_signals.ENDING]
    imitation("echo x")
    list(check_ray(None))
    assert [signal.getsignal(each) for each in ending_signals.ENDING] == before


def test_in_a_thread_no_handler_is_touched(imitation):
    imitation("echo x")
    with ThreadPoolExecutor(1) as threads:
        (finding,) = threads.submit(lambda: list(check_ray(None))).result()
    assert finding.state is State.PROBLEM
