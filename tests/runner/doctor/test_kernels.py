"""The check of compiled passes: what a process trains with, and why."""

import sys

import pytest
from fitgap.runner.doctor.finding import State
from fitgap.runner.doctor.kernels import kernels_finding


@pytest.mark.parametrize("chosen", [None, "auto", "compiled"])
def test_a_working_compiler_is_named_with_its_processor(chosen):
    finding = kernels_finding(chosen)
    assert finding.state is State.OK
    assert "LLVM compiles for" in finding.found


def test_turned_off_is_no_problem():
    finding = kernels_finding("numpy")
    assert finding.state is State.OK
    assert "turned off by FITGAP_KERNELS" in finding.found


def test_an_unknown_choice_is_a_warning():
    finding = kernels_finding("fast")
    assert finding.state is State.WARNING
    assert "'fast'" in finding.found
    assert "auto, numpy, compiled" in finding.found


def test_without_llvm_training_goes_on_with_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "fitgap.core.kernels.machine_code", None)
    finding = kernels_finding(None)
    assert finding.state is State.WARNING
    assert "training uses NumPy alone" in finding.found
    assert finding.advice == "install llvmlite again"
