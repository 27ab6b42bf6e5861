"""Kernels for tests: everything compiled at once, whatever it costs."""

import pytest
from fitgap.core.kernels.selection import kernels


@pytest.fixture
def compiled(monkeypatch):
    """Every pass that can be compiled is compiled when it is first needed."""
    monkeypatch.setattr(kernels, "choice", "compiled")
    yield kernels
    assert kernels.failure is None, f"LLVM must work where the tests run: {kernels.failure}"
