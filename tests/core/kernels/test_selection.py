"""When a process compiles: for at most a tenth of its training time, never if it cannot, and not if NumPy is
requested.
"""

import subprocess
import sys

import numpy as np
import pytest
from fitgap.core.kernels import selection
from fitgap.core.kernels.pack_clock import PackClock
from fitgap.core.kernels.selection import Kernels

KEY = (lambda x: {"x": x + 1.0}, ("x",), frozenset(), "float32")


def test_a_short_training_compiles_nothing():
    kernels = Kernels()
    kernels.seconds_trained = 1.0
    assert not kernels.may_compile()
    assert kernels.machine_code(*KEY) is None


def test_enough_training_done_or_ahead_pays_for_the_first_pass():
    for name in ("seconds_trained", "seconds_ahead"):
        kernels = Kernels()
        setattr(kernels, name, 3.0)
        assert kernels.may_compile()


def test_compiling_counts():
    kernels = Kernels()
    kernels.seconds_trained = 3.0
    assert kernels.machine_code(*KEY) is not None
    assert kernels.seconds_compiling > 0
    kernels.seconds_compiling = 0.3
    assert not kernels.may_compile()
    assert kernels.machine_code(*KEY) is not None, "known code is used whatever the time"


def test_numpy_on_request_uses_no_machine_code():
    kernels = Kernels("numpy")
    kernels.seconds_trained = 1e6
    assert kernels.machine_code(*KEY) is None


def test_a_failure_is_told_once_and_leaves_numpy(monkeypatch):
    """As on a machine without LLVM."""
    monkeypatch.setitem(sys.modules, "fitgap.core.kernels.machine_code", None)
    kernels = Kernels("compiled")
    assert kernels.machine_code(*KEY) is None
    assert "machine_code" in kernels.failure
    assert not kernels.may_compile()


@pytest.mark.parametrize(
    ("value", "choice"), [("numpy", "numpy"), ("compiled", "compiled"), (None, "auto"), ("x", "auto")]
)
def test_the_environment_chooses(value, choice):
    assert selection.choice_of(value) == choice


def test_what_a_process_trains_with_is_told(monkeypatch):
    assert "compiled passes" in selection.described("auto")
    assert "FITGAP_KERNELS=numpy" in selection.described("numpy")
    monkeypatch.setattr(selection, "has_compiler", lambda: False)
    assert {selection.described(choice) for choice in ("auto", "compiled")} == {
        "NumPy alone (llvmlite is not installed)"
    }


def test_a_compiler_that_is_not_installed_is_missed(monkeypatch):
    assert selection.has_compiler()
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    assert not selection.has_compiler()


def test_a_pack_looks_ahead_from_its_own_epochs():
    kernels = Kernels()
    clock = PackClock(kernels)
    clock.look_ahead(10, 20)
    assert kernels.seconds_ahead == 0, "nothing is known before the first epoch"
    clock.seconds = 4.0
    clock.look_ahead(12, 20)
    assert kernels.seconds_ahead == pytest.approx(16.0)


def test_training_time_is_measured():
    kernels = Kernels()
    clock = PackClock(kernels)
    with clock:
        np.ones(10).sum()
    assert 0 < clock.seconds == kernels.seconds_trained


def test_importing_the_core_does_not_load_llvm():
    program = "import sys, fitgap.core.training; sys.exit('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
