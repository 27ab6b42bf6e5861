"""Trained databases, for commands that read or change them."""

import shutil
from pathlib import Path

import pytest
from support.made_once import made_once


@pytest.fixture
def small(trained_database, own_folder):
    """A copy of the trained database, as `fitgap.db` in the current folder."""
    return Path(shutil.copy(trained_database, own_folder / "fitgap.db"))


@pytest.fixture
def trained_once(tmp_path_factory, own_folder, command):
    """`trained_once(name, *arguments)`: copies the database of this command to `fitgap.db` in the current folder. The
    command runs once for all tests that give the same name.
    """

    def copy(name, *arguments):
        def train(folder):
            answer = command(*arguments, cwd=folder)
            assert answer.code == 0, answer.err

        shutil.copy(made_once(tmp_path_factory, name, train) / "fitgap.db", own_folder)

    return copy
