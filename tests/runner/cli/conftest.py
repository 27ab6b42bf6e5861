"""A trained database, for commands that change it or read it."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def small(trained_database, own_folder):
    """A copy of the trained database, as `fitgap.db` here."""
    return Path(shutil.copy(trained_database, own_folder / "fitgap.db"))
