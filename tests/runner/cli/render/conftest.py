"""The clock of the progress line, which a test holds."""

from types import SimpleNamespace

import pytest
from fitgap.runner.cli.render import progress


@pytest.fixture
def clock(monkeypatch):
    """The clock of the module: it stands where `clock.now` says."""
    held = SimpleNamespace(now=100.0)
    held.monotonic = lambda: held.now
    monkeypatch.setattr(progress, "time", held)
    return held
