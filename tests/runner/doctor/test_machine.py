"""Folders, cores and memory: shortages are reported with advice."""

import tempfile
from collections import namedtuple
from pathlib import Path

import pytest
from fitgap.runner.doctor import State, machine
from fitgap.runner.doctor.database import check_database, check_database_folder
from fitgap.runner.doctor.machine import (
    amount,
    check_cores,
    check_current_folder,
    check_home_folder,
    check_memory,
    check_shared_memory,
    check_temporary_folder,
    why_not_writable,
)
from fitgap.runner.files import private_folder
from fitgap.runner.system import cores, machine_memory

DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture
def container(tmp_path, monkeypatch):
    """`container(name=content, …)`: the root of a machine with 4 cores whose control group has these files."""
    monkeypatch.setattr(machine, "permitted_cores", lambda: 4)
    monkeypatch.setattr(cores, "permitted_cores", lambda: 4)

    def make(meminfo="", **files):
        group = tmp_path / "sys/fs/cgroup"
        group.mkdir(parents=True)
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/meminfo").write_text(meminfo)
        for name, content in files.items():
            (group / name.replace("_", ".")).write_text(f"{content}\n")
        return tmp_path

    return make


def test_a_folder_is_tried_without_leaving_anything(own_folder):
    before = own_folder.stat().st_mtime_ns
    (finding,) = check_current_folder(None)
    assert finding.state is State.OK
    assert not list(own_folder.iterdir()) and own_folder.stat().st_mtime_ns >= before


def test_a_current_folder_that_takes_no_file_is_a_warning(monkeypatch):
    monkeypatch.chdir("/proc")
    (finding,) = check_current_folder(None)
    assert finding.state is State.WARNING and "--db" in finding.advice


def test_a_current_folder_that_is_gone_is_a_problem(own_folder, monkeypatch):
    gone = own_folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    (finding,) = check_current_folder(None)
    assert finding.state is State.PROBLEM and "cd " in finding.advice
    # The other checks have nothing to add, and do not crash.
    assert not [*check_database_folder(None), *check_database(None)]


@pytest.mark.parametrize("home", [None, "", "/missing/home", "/proc", "/tmp"])
def test_no_home_folder_is_no_problem(home, monkeypatch):
    monkeypatch.delenv("HOME") if home is None else monkeypatch.setenv("HOME", home)
    (finding,) = check_home_folder(None)
    assert finding.state is State.OK
    assert ("not writable" in finding.found) == (home != "/tmp")


@pytest.fixture
def short_folder(monkeypatch):
    """A folder with a short path, the only candidate for temporary files besides TMPDIR."""
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as folder:
        monkeypatch.setattr(private_folder, "USUAL_PLACES", (folder,))
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        yield Path(folder)


def use_temporary(folder, monkeypatch):
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.mark.parametrize(("name", "reason"), [("x" * 60, "bytes too long"), ("größe", "ASCII"), ("a b", "ASCII")])
def test_where_the_temporary_folder_is_not_for_ray_another_one_is_told(name, reason, short_folder, monkeypatch):
    use_temporary(short_folder / name, monkeypatch)
    *_, finding = check_temporary_folder(None)
    assert finding.state is State.OK
    assert finding.found.startswith(f"Ray uses {short_folder}, because ") and reason in finding.found
    assert [path.name for path in short_folder.iterdir()] == [name] and not list((short_folder / name).iterdir())


def test_where_no_folder_is_for_ray_the_reasons_are_told(short_folder, monkeypatch):
    use_temporary(short_folder / "mine", monkeypatch)
    short_folder.chmod(0o777)
    *_, finding = check_temporary_folder(None)
    assert finding.state is State.PROBLEM and finding.found.count("no sticky bit") == 2 and "TMPDIR" in finding.advice


def test_without_any_temporary_folder_there_is_a_problem(monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(machine.tempfile, "gettempdir", none)
    (finding,) = check_temporary_folder(None)
    assert finding.state is State.PROBLEM and "TMPDIR" in finding.advice


@pytest.mark.parametrize("folder", ["/proc", "/missing"])
def test_shared_memory_that_is_missing_or_takes_no_file_is_a_warning(folder):
    (finding,) = check_shared_memory(None, Path(folder))
    assert finding.state is State.WARNING and "mount" in finding.advice


@pytest.mark.parametrize(("free", "state"), [(64 * 10**6, State.WARNING), (10**9, State.OK)])
def test_small_shared_memory_is_a_warning(free, state, tmp_path, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: DiskUsage(10**10, 10**10 - free, free))
    (finding,) = check_shared_memory(None, tmp_path)
    assert finding.state is state
    assert ("--shm-size" in finding.advice) == (state is State.WARNING)


def test_a_temporary_folder_that_takes_no_file_is_a_problem(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    (finding,) = check_temporary_folder(None)
    assert finding.state is State.PROBLEM and "TMPDIR" in finding.advice


@pytest.mark.parametrize(("free", "state"), [(51, State.OK), (49, State.WARNING)])
def test_a_temporary_folder_on_a_full_disk_is_a_warning(free, state, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda folder: DiskUsage(1000, 1000 - free, free))
    finding = next(check_temporary_folder(None))
    assert finding.state is state
    assert ("95% full" in finding.found) == (state is State.WARNING)


def test_a_folder_that_is_not_there_takes_no_file(tmp_path):
    assert "No such file" in why_not_writable(tmp_path / "missing")


@pytest.mark.parametrize("limit", [{}, {"cpu_max": "max 100000"}, {"cpu_max": "400000 100000"}])
def test_all_cores_may_be_used(limit, container):
    (finding,) = check_cores(None, container(**limit))
    assert (finding.state, finding.found) == (State.OK, "4 cores")


@pytest.mark.parametrize(("limit", "found"), [("250000 100000", "2 cores,"), ("50000 100000", "1 core,")])
def test_the_share_of_a_container_is_what_is_used(limit, found, container):
    (finding,) = check_cores(None, container(cpu_max=limit))
    assert finding.state is State.OK and finding.found.startswith(found) and "of 4" in finding.found


@pytest.mark.parametrize(("kilobytes", "state"), [(2_000_000, State.OK), (900_000, State.WARNING)])
def test_little_memory_is_a_warning(kilobytes, state, container):
    (finding,) = check_memory(None, container(f"MemTotal: 1 kB\nMemAvailable:  {kilobytes} kB\n"))
    assert finding.state is state


def test_the_memory_of_a_container_counts(container):
    root = container("MemAvailable:  8000000 kB\n", memory_max="500000000", memory_current="100000000")
    (finding,) = check_memory(None, root)
    assert finding.state is State.WARNING and finding.found == "400 MB of 500 MB left"


def test_where_memory_is_not_told_all_of_it_counts(container):
    (finding,) = check_memory(None, container())
    assert finding.state in (State.OK, State.WARNING) and "left" in finding.found


def test_a_limit_on_the_memory_of_a_process_is_told_with_the_command_that_raises_it(container, monkeypatch):
    monkeypatch.setattr(machine_memory, "process_limit", lambda: 4e9)
    *_, finding = check_memory(None, container())
    assert finding.state is State.WARNING and "4.0 GB" in finding.found and "ulimit -v" in finding.advice


@pytest.mark.parametrize(("size", "text"), [(850e6, "850 MB"), (12.34e9, "12.3 GB"), (0, "0 MB")])
def test_amounts_are_told_in_units_that_suit_them(size, text):
    assert amount(size) == text


def test_the_folders_of_this_machine_are_well(own_folder):
    assert why_not_writable(Path.cwd()) is None
