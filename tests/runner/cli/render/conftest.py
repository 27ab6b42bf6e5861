"""The clock of the progress line, which tests control."""

from types import SimpleNamespace

import pytest
from fitgap.runner.cli.render import progress


@pytest.fixture
def clock(monkeypatch):
    """The clock of the module: it shows the time `clock.now`."""
    held = SimpleNamespace(now=100.0)
    held.monotonic = lambda: held.now
    monkeypatch.setattr(progress, "time", held)
    return held
