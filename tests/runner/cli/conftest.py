"""A trained database, for commands that read or change it."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def small(trained_database, own_folder):
    """A copy of the trained database, as `fitgap.db` in the current folder."""
    return Path(shutil.copy(trained_database, own_folder / "fitgap.db"))
