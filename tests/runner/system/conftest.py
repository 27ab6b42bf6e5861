"""Repositories in the current folder of a test."""

from pathlib import Path

import pytest
from support.system.git_traps import git


@pytest.fixture
def repository(own_folder):
    """A repository with one commit in the current folder; returns the commit."""
    git("init", "--quiet")
    Path("tracked").write_text("one")
    git("add", "tracked")
    git("commit", "--quiet", "--message", "first")
    return git("rev-parse", "HEAD")


@pytest.fixture
def canary(own_folder):
    """The path of an untracked program, next to which a file appears if the program has run."""
    program = own_folder / "canary"
    program.write_text(f"#!/bin/sh\necho ran >> {own_folder}/ran\nexit 1\n")
    program.chmod(0o755)
    return program
