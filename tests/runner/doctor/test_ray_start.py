"""A Ray that cannot be used is told with its reason, and leaves no process and no file behind."""

import json
import sys

import pytest

from runner.doctor import State, ray_start
from runner.doctor.ray_start import check_ray, findings_of, start_and_train, why_not_trained
from runner.engine import ray as engine
from runner.errors import EngineError
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


def test_variables_for_another_ray_do_no_harm(monkeypatch):
    """Such as those of a cluster that the user works with; our Ray has a folder, an address and a token of its own."""
    monkeypatch.setenv("RAY_TMPDIR", "/proc/nowhere")
    monkeypatch.setenv("RAY_ADDRESS", "10.255.255.1:6379")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/proc/nowhere/token")
    ray, blas = check_ray(None)
    assert (ray.state, blas.state) == (State.OK, State.OK), ray.found


def test_a_ray_that_cannot_be_started_is_a_problem_with_its_reason(monkeypatch):
    def refuse(*given, **options):
        raise EngineError("Ray could not be started: no room; `fitgap doctor` finds out why")

    monkeypatch.setattr(engine, "RayEngine", refuse)
    with pytest.raises(SystemExit) as ending:
        start_and_train()
    (finding,) = findings_of("", str(ending.value))
    assert finding.found == "Ray could not be started: no room" and "--engine local" in finding.advice


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
