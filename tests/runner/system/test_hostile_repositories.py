"""No program that a folder or its repository names is run while the commit is looked up."""

import os
import subprocess
from pathlib import Path

import pytest
from fitgap.runner.system.commit import describe_commit
from support.system.git_traps import BITES, QUIET, clean_filter, git, has_run, touch_tracked


@pytest.mark.parametrize("trap", [*BITES, *QUIET], ids=lambda trap: trap.__name__)
def test_nothing_that_a_repository_names_is_run(trap, repository, canary):
    trap(canary)
    touch_tracked()
    here = git("rev-parse", "HEAD")
    Path("ran").unlink(missing_ok=True)
    assert describe_commit()["git_commit"] == here
    assert not has_run()


@pytest.mark.parametrize("trap", BITES, ids=lambda trap: trap.__name__)
def test_the_traps_of_these_tests_do_catch_git(trap, repository, canary):
    trap(canary)
    touch_tracked()
    status = ["git", "status", "--porcelain"]
    subprocess.run(status, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    assert has_run()


def test_a_repository_around_the_current_folder_is_no_more_trusted(repository, canary, monkeypatch):
    clean_filter(canary)
    touch_tracked()
    Path("deep/folder").mkdir(parents=True)
    monkeypatch.chdir("deep/folder")
    assert describe_commit()["git_commit"] == repository
    assert not Path("../../ran").exists()


def test_a_bare_repository_among_the_files_is_not_looked_at(repository, canary, monkeypatch):
    git("clone", "--quiet", "--bare", ".", "bare")
    git("-C", "bare", "config", "core.fsmonitor", str(canary))
    git("-C", "bare", "config", "core.bare", "false")
    git("-C", "bare", "config", "core.worktree", "..")
    monkeypatch.chdir("bare")
    assert describe_commit()["git_commit"] == repository
    assert not Path("../ran").exists()


def test_a_git_in_the_current_folder_is_not_run(repository, canary, monkeypatch):
    canary.rename("git")
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert describe_commit() == {"git_commit": repository, "git_changed": False}
    assert not has_run()


@pytest.mark.parametrize("variable", ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS"])
def test_programs_in_the_environment_are_not_run(variable, repository, canary, monkeypatch):
    monkeypatch.setenv(variable, str(canary))
    assert describe_commit() == {"git_commit": repository, "git_changed": False}
    assert not has_run()
