"""Kernels for tests: everything is compiled at once, regardless of cost."""

import pytest
from fitgap.core.kernels.selection import kernels


@pytest.fixture
def compiled(monkeypatch):
    """Every pass that can be compiled is compiled on first use."""
    monkeypatch.setattr(kernels, "choice", "compiled")
    yield kernels
    assert kernels.failure is None, f"LLVM must work where the tests run: {kernels.failure}"
