"""What ran is described as plain data, at little cost; a process is distinguished from a later one with its id."""

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
from fitgap.runner.system import machine_record
from fitgap.runner.system.machine_record import (
    describe_blas,
    describe_environment,
    machine_identity,
    process_started,
    still_runs,
)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(name, script)`: creates a program on a search path that has no others, except for shell built-ins."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def make(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return make


@pytest.fixture
def sleeper():
    """`sleeper(executable)`: starts a process that waits until the test ends."""
    started = []

    def start(executable="/bin/sleep"):
        started.append(subprocess.Popen([executable, "600"]))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()


def test_the_description_is_plain_data_that_json_keeps():
    described = describe_environment()
    assert json.loads(json.dumps(described)) == described
    assert described["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {name: described[name] for name in ("fitgap", "numpy", "ray")} == {
        name: version(name) for name in ("fitgap", "numpy", "ray")
    }
    assert all(described[name] for name in ("blas", "processor", "machine", "system"))


def test_describing_does_not_import_ray():
    call = "from fitgap.runner.system.machine_record import describe_environment as describe; describe()"
    code = f"import sys; {call}; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_distribution_that_is_not_installed_has_no_version():
    assert machine_record.installed_version("fitgap-of-another-world") is None


def test_of_several_blas_libraries_numpys_is_told(monkeypatch):
    libraries = [
        {"user_api": "openmp", "internal_api": "openmp", "version": None, "filepath": "/numpy.libs/libgomp.so"},
        {"user_api": "blas", "internal_api": "mkl", "version": "1", "filepath": "/scipy.libs/libmkl.so"},
        {
            **{"user_api": "blas", "internal_api": "openblas", "version": "2", "filepath": "/numpy.libs/libblas.so"},
            "architecture": "Haswell",
        },
    ]
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: libraries)
    assert describe_blas() == {"blas": "openblas 2", "blas_kernels": "Haswell"}


def test_a_blas_that_cannot_be_seen_is_told_as_numpy_was_built(monkeypatch):
    monkeypatch.setattr("threadpoolctl.threadpool_info", list)
    monkeypatch.setattr(
        machine_record, "numpy_build", {"Build Dependencies": {"blas": {"name": "a", "version": "1"}}}.get
    )
    assert describe_blas() == {"blas": "a 1", "blas_kernels": None}


def test_processes_of_one_machine_agree_on_its_identity():
    code = "from fitgap.runner.system.machine_record import machine_identity; print(machine_identity())"
    others = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()]
    assert others == [machine_identity()]


def test_the_identity_names_host_boot_and_namespace(tmp_path, monkeypatch):
    assert imitated_identity(monkeypatch, tmp_path, os.getpid(), "boot", "pid:[1]").endswith(" boot pid:[1]")


def test_where_nothing_identifies_the_machine_no_process_is_taken_for_a_neighbour(tmp_path, monkeypatch, program):
    monkeypatch.setattr(machine_record, "PROC", tmp_path / "no proc")
    assert machine_identity.__wrapped__() != machine_identity.__wrapped__()


def test_a_proc_of_another_namespace_identifies_nothing(tmp_path, monkeypatch):
    one, other = (imitated_identity(monkeypatch, tmp_path / name, 0, "boot", "pid:[1]") for name in ("one", "other"))
    assert one != other


def imitated_identity(monkeypatch, proc, own_number, boot, namespace):
    """The machine's identity with a /proc like this."""
    for folder in ("sys/kernel/random", "self_", "self_/ns"):
        (proc / folder).mkdir(parents=True, exist_ok=True)
    (proc / str(own_number)).mkdir()
    (proc / str(own_number) / "ns").mkdir()
    (proc / str(own_number) / "ns" / "pid").symlink_to(namespace)
    (proc / "self").symlink_to(str(own_number))
    (proc / "sys/kernel/random/boot_id").write_text(f"{boot}\n")
    monkeypatch.setattr(machine_record, "PROC", proc)
    return machine_identity.__wrapped__()


def test_macos_names_its_boot_by_another_program(tmp_path, monkeypatch, program):
    monkeypatch.setattr(machine_record, "PROC", tmp_path / "no proc")
    program("sysctl", "[ $2 = kern.bootsessionuuid ] && echo 12-34")
    assert machine_identity.__wrapped__().endswith(" 12-34 all")


def test_a_process_keeps_its_start_and_another_has_its_own(sleeper):
    one = sleeper()
    # The start time has a resolution of hundredths of a second.
    time.sleep(0.1)
    other = sleeper()
    assert process_started(one.pid) == process_started(one.pid)
    assert process_started(one.pid) != process_started(other.pid)


def test_the_name_of_a_process_does_not_mislead(sleeper, tmp_path):
    tricky = tmp_path / "a) Z 1 (b"
    tricky.symlink_to("/bin/sleep")
    assert int(process_started(sleeper(str(tricky)).pid)) > 0


def test_a_process_that_ended_has_no_start_even_before_it_is_waited_for():
    ended = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert process_started(ended.pid) is None
    ended.wait()
    assert process_started(ended.pid) is None


@pytest.mark.parametrize(
    ("answer", "started"),
    [
        ("echo 'S+   Mon Nov 23 10:11:12 2026'", "Mon Nov 23 10:11:12 2026"),
        ("echo 'Z    Mon Nov 23 10:11:12 2026'", None),
        ("exit 1", "unknown"),
    ],
)
def test_without_proc_another_program_tells_the_start(answer, started, tmp_path, monkeypatch, program):
    monkeypatch.setattr(machine_record, "PROC", tmp_path / "no proc")
    program("ps", answer)
    assert process_started(os.getpid()) == started


def test_a_process_still_runs_only_as_the_one_it_was(sleeper):
    process = sleeper()
    started = process_started(process.pid)
    assert still_runs(process.pid, started)
    assert not still_runs(process.pid, f"{started}0")
    process.kill()
    process.wait()
    assert not still_runs(process.pid, started)


@pytest.mark.parametrize("started", [None, "unknown"])
def test_in_doubt_a_process_still_runs(started, sleeper):
    assert still_runs(sleeper().pid, started)


def test_a_process_whose_start_cannot_be_told_still_runs(tmp_path, monkeypatch, program):
    monkeypatch.setattr(machine_record, "PROC", tmp_path / "no proc")
    assert still_runs(os.getpid(), "12345")
