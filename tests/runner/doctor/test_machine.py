"""Folders, cores and memory: what is too little is told with what to do."""

import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from runner.doctor import State, machine
from runner.doctor.machine import (
    amount,
    check_cores,
    check_current_folder,
    check_memory,
    check_temporary_folder,
    why_not_writable,
)

DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture
def unlimited(tmp_path, monkeypatch):
    """A machine without the limits of a container; the files that would tell them can be written."""
    monkeypatch.setattr(machine, "CORE_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(machine, "MEMORY_LIMIT", tmp_path / "memory.max")
    monkeypatch.setattr(machine, "MEMORY_TABLE", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "usable_cores", lambda: 4)


def test_a_folder_is_tried_without_leaving_anything(own_folder):
    before = own_folder.stat().st_mtime_ns
    (finding,) = check_current_folder(None)
    assert finding.state is State.OK
    assert not list(own_folder.iterdir()) and own_folder.stat().st_mtime_ns >= before


def test_a_current_folder_that_takes_no_file_is_a_warning(monkeypatch):
    monkeypatch.chdir("/proc")
    (finding,) = check_current_folder(None)
    assert finding.state is State.WARNING and "--db" in finding.advice


def test_a_temporary_folder_that_takes_no_file_is_a_problem(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    (finding,) = check_temporary_folder(None)
    assert finding.state is State.PROBLEM and "TMPDIR" in finding.advice


@pytest.mark.parametrize(("free", "state"), [(51, State.OK), (49, State.WARNING)])
def test_a_temporary_folder_on_a_full_disk_is_a_warning(free, state, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: DiskUsage(1000, 1000 - free, free))
    (finding,) = check_temporary_folder(None)
    assert finding.state is state
    assert ("95% full" in finding.found) == (state is State.WARNING)


def test_a_folder_that_is_not_there_takes_no_file(tmp_path):
    assert "No such file" in why_not_writable(tmp_path / "missing")


@pytest.mark.parametrize("limit", [None, "max 100000", "400000 100000"])
def test_all_cores_may_be_used(limit, unlimited):
    if limit:
        machine.CORE_LIMIT.write_text(limit)
    (finding,) = check_cores(None)
    assert (finding.state, finding.found) == (State.OK, "4 cores")


@pytest.mark.parametrize(("limit", "workers"), [("250000 100000", "--workers 2"), ("50000 100000", "--workers 1")])
def test_a_container_with_a_share_of_the_cores_is_a_warning(limit, workers, unlimited):
    machine.CORE_LIMIT.write_text(limit)
    (finding,) = check_cores(None)
    assert finding.state is State.WARNING and workers in finding.advice


@pytest.mark.parametrize(("kilobytes", "state"), [(2_000_000, State.OK), (900_000, State.WARNING)])
def test_little_memory_is_a_warning(kilobytes, state, unlimited):
    machine.MEMORY_TABLE.write_text(f"MemTotal: 1 kB\nMemAvailable:  {kilobytes} kB\n")
    (finding,) = check_memory(None)
    assert finding.state is state


def test_the_memory_of_a_container_counts(unlimited):
    machine.MEMORY_TABLE.write_text("MemAvailable:  8000000 kB\n")
    machine.MEMORY_LIMIT.write_text("500000000\n")
    (finding,) = check_memory(None)
    assert finding.state is State.WARNING and finding.found == "500 MB of 500 MB left"


def test_where_memory_is_not_told_all_of_it_counts(unlimited):
    (finding,) = check_memory(None)
    assert finding.state in (State.OK, State.WARNING) and "left" in finding.found


@pytest.mark.parametrize(("size", "text"), [(850e6, "850 MB"), (12.34e9, "12.3 GB"), (0, "0 MB")])
def test_amounts_are_told_in_units_that_suit_them(size, text):
    assert amount(size) == text


def test_the_folders_of_this_machine_are_well(own_folder):
    assert why_not_writable(Path.cwd()) is None
