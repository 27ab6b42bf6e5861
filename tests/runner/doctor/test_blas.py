"""Training uses one BLAS thread whatever the environment says; anything else is reported."""

import pytest
from fitgap.runner.doctor import State
from fitgap.runner.doctor.blas import blas_finding, check_blas, threads_while_training
from threadpoolctl import threadpool_limits

MANY = {"user_api": "blas", "num_threads": 64, "filepath": "", "internal_api": "openblas", "version": "1"}


def test_training_takes_one_thread_where_the_process_has_several():
    with threadpool_limits(2):
        assert set(threads_while_training()) == {1}
        (finding,) = check_blas(None)
    assert finding.state is State.OK


def test_more_threads_are_a_problem(monkeypatch):
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: [MANY])
    (finding,) = check_blas(None)
    assert finding.state is State.PROBLEM and "64 threads" in finding.found


@pytest.mark.parametrize("information", [[], [{"user_api": "openmp", "num_threads": 8}]])
def test_threads_that_cannot_be_counted_are_a_warning(information, monkeypatch):
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: information)
    (finding,) = check_blas(None)
    assert finding.state is State.WARNING and finding.advice


def test_the_library_is_named():
    assert "blas" in blas_finding("BLAS", [1]).found.lower()
