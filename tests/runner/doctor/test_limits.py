"""Limits that are too low for Ray and its workers are reported with the required number."""

import math
import os
import resource
import subprocess
import sys

import pytest
from fitgap.runner.doctor import State, limits
from fitgap.runner.doctor.limits import (
    check_file_size,
    check_umask,
    file_size_finding,
    files_finding,
    processes_finding,
    threads_of_user,
    user_processes_left,
)

IN_LIMITS = """
import resource, sys
name, limit, check = sys.argv[1:]
resource.setrlimit(getattr(resource, name), (int(limit), int(limit)))
from fitgap.runner.doctor import limits
print(*(f"{each.state.value}: {each.found}; {each.advice}" for each in getattr(limits, check)(None)))
"""


def found_under(name, limit, check):
    """What a check finds in a process with this limit."""
    command = [sys.executable, "-c", IN_LIMITS, name, str(limit), check]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_few_open_files_are_told_with_the_command_that_allows_more():
    found = found_under("RLIMIT_NOFILE", 100, "check_open_files")
    assert found.startswith("warning: the limit is 100, ") and "hard limit" in found


def test_enough_open_files_are_well():
    assert found_under("RLIMIT_NOFILE", 10_000, "check_open_files").startswith("ok") or os.cpu_count() > 100


def test_more_workers_need_more_open_files():
    assert files_finding(1024, 1024, 4).state is State.OK
    assert files_finding(1024, 1024, 64).state is State.WARNING
    assert files_finding(resource.RLIM_INFINITY, resource.RLIM_INFINITY, 64).state is State.OK


@pytest.mark.parametrize(("most", "how"), [(10_000, "`ulimit -n 1152`"), (1024, "hard limit raised to 1152")])
def test_the_command_that_allows_more_open_files_is_one_that_works(most, how):
    assert how in files_finding(1024, most, 64).advice


@pytest.mark.parametrize(
    ("left", "workers", "state"),
    [(math.inf, 64, State.OK), (1000, 4, State.OK), (1000, 64, State.WARNING), (0, 1, State.WARNING)],
)
def test_few_processes_are_told(left, workers, state):
    finding = processes_finding(left, workers)
    assert finding.state is state
    assert ("ulimit -u" in finding.advice) == (state is State.WARNING)


def test_more_processes_than_allowed_count_as_none_left():
    assert processes_finding(-20, 1).found.startswith("only 0 more")


def test_the_limit_of_a_user_counts_threads_and_not_for_root(monkeypatch):
    monkeypatch.setattr(limits.resource, "getrlimit", lambda which: (500, 500))
    monkeypatch.setattr(limits, "threads_of_user", lambda root, user: 120)
    monkeypatch.setattr(limits.os, "geteuid", lambda: 1000)
    assert user_processes_left() == 380
    monkeypatch.setattr(limits.os, "geteuid", lambda: 0)
    assert user_processes_left() == math.inf


def test_threads_are_those_of_the_user(tmp_path):
    for number, threads in (("1", 3), ("22", 2)):
        for thread in range(threads):
            (tmp_path / "proc" / number / "task" / str(thread)).mkdir(parents=True)
    (tmp_path / "proc/meminfo").touch()
    assert threads_of_user(tmp_path, os.geteuid()) == 5
    assert threads_of_user(tmp_path, os.geteuid() + 1) == 0
    assert threads_of_user(tmp_path / "missing", os.geteuid()) == 0


def test_a_limit_on_the_size_of_files_is_told():
    assert file_size_finding(10**6, 10**10).state is State.PROBLEM
    assert file_size_finding(2 * 10**9, 10**10).state is State.WARNING
    assert file_size_finding(4 * 10**9, 10**10).state is State.OK
    found = found_under("RLIMIT_FSIZE", 50_000_000, "check_file_size")
    assert found.startswith("problem: ") and "ulimit -f" in found


def test_without_a_limit_on_the_size_of_files_nothing_is_said(monkeypatch):
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(limits.resource, "getrlimit", lambda which: unlimited)
    assert not list(check_file_size(None))


@pytest.mark.parametrize(("mask", "user", "count"), [("0022", 7, 0), ("0777", 7, 1), ("0300", 7, 1), ("0777", 0, 0)])
def test_a_umask_that_takes_the_own_rights_is_a_problem_but_for_root(mask, user, count, tmp_path, monkeypatch):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/status").write_text(f"Name:\tpython\nUmask:\t{mask}\nState:\tR (running)\n")
    monkeypatch.setattr(limits.os, "geteuid", lambda: user)
    findings = list(check_umask(None, tmp_path))
    assert [finding.state for finding in findings] == [State.PROBLEM] * count


def test_where_the_umask_is_not_told_nothing_is_said(tmp_path):
    assert not list(check_umask(None, tmp_path))
