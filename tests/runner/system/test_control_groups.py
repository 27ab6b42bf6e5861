"""The limits of containers are found wherever their control groups are mounted, and the tightest one counts."""

import math
from pathlib import Path

import pytest
from fitgap.runner.system import cores, machine_memory
from fitgap.runner.system.control_groups import core_limit, memory_left, memory_limit, processes_left
from fitgap.runner.system.cores import usable_cores
from fitgap.runner.system.machine_memory import usable_memory

VERSION_2 = "30 23 0:26 {shown} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
VERSION_1 = "3{line} 23 0:26 {shown} /sys/fs/cgroup/{name} rw,nosuid shared:9 - cgroup cgroup rw,{name}\n"
UNLIMITED_IN_VERSION_1 = str(2**63 - 4096)


@pytest.fixture
def machine(tmp_path: Path):
    """`machine(groups, mounts, files)`: the root of a machine with these tables and control group files."""

    def make(groups: str, mounts: str, files: dict[str, str]) -> Path:
        process = tmp_path / "proc/self"
        process.mkdir(parents=True)
        (process / "cgroup").write_text(groups)
        (process / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" + mounts)
        for name, content in files.items():
            file = tmp_path / "sys/fs/cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{content}\n")
        return tmp_path

    return make


def version_2(machine, files: dict[str, str], group: str = "/", shown: str = "/") -> Path:
    return machine(f"0::{group}\n", VERSION_2.format(shown=shown), files)


def version_1(machine, files: dict[str, str], group: str, shown: str = "/") -> Path:
    lines = f"9:name=systemd:{group}\n4:memory:{group}\n3:cpu,cpuacct:{group}\n2:pids:{group}\n0::/\n"
    names = ("memory", "cpu,cpuacct", "pids")
    mounts = "".join(VERSION_1.format(line=line, shown=shown, name=name) for line, name in enumerate(names))
    return machine(lines, mounts, files)


def test_a_machine_without_groups_has_no_limits(tmp_path: Path) -> None:
    limits = [limit(tmp_path) for limit in (core_limit, memory_limit, memory_left, processes_left)]
    assert limits == [math.inf] * 4


def test_groups_without_limits_have_none(machine) -> None:
    files = {"cpu.max": "max 100000", "memory.max": "max", "memory.high": "max", "pids.max": "max"}
    root = version_2(machine, files)
    assert core_limit(root) == memory_limit(root) == memory_left(root) == processes_left(root) == math.inf


def test_the_limits_of_a_container_with_a_namespace_of_its_own(machine) -> None:
    files = {
        **{"cpu.max": "250000 100000", "memory.max": "1000", "memory.current": "700", "pids.max": "90"},
        **{"memory.stat": "anon 500\ninactive_file 150\n", "pids.current": "40"},
    }
    root = version_2(machine, files)
    assert (core_limit(root), memory_limit(root)) == (2.5, 1000)
    # Cached files can be dropped from memory.
    assert (memory_left(root), processes_left(root)) == (450, 50)


def test_a_group_around_the_own_one_counts_if_it_is_tighter(machine) -> None:
    files = {
        **{"user.slice/cpu.max": "100000 100000", "user.slice/memory.max": "500"},
        **{"user.slice/mine/cpu.max": "300000 100000", "user.slice/mine/memory.max": "800"},
    }
    root = version_2(machine, files, group="/user.slice/mine")
    assert (core_limit(root), memory_limit(root)) == (1, 500)


def test_a_neighbouring_group_does_not_count(machine) -> None:
    root = version_2(machine, {"other/cpu.max": "100000 100000"}, group="/mine")
    assert core_limit(root) == math.inf


def test_memory_above_which_processes_are_slowed_down_counts(machine) -> None:
    assert memory_limit(version_2(machine, {"memory.max": "900", "memory.high": "600"})) == 600


def test_the_limits_of_version_1(machine) -> None:
    files = {
        **{"cpu,cpuacct/job/cpu.cfs_quota_us": "150000", "cpu,cpuacct/job/cpu.cfs_period_us": "50000"},
        **{"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
        **{"memory/job/memory.limit_in_bytes": "1000", "memory/job/memory.usage_in_bytes": "900"},
        **{"memory/memory.limit_in_bytes": UNLIMITED_IN_VERSION_1, "pids/job/pids.max": "5"},
        "memory/job/memory.stat": "total_inactive_file 100\n",
    }
    root = version_1(machine, files, "/job")
    assert (core_limit(root), memory_limit(root)) == (3, 1000)
    assert (memory_left(root), processes_left(root)) == (200, 5)


def test_version_1_in_a_container_that_sees_the_paths_of_its_host(machine) -> None:
    files = {"cpu,cpuacct/cpu.cfs_quota_us": "200000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}
    assert core_limit(version_1(machine, files, "/docker/1234", shown="/docker/1234")) == 2


def test_a_limit_around_a_container_shows_in_its_statistics(machine) -> None:
    stat = f"cache 0\nhierarchical_memory_limit 700\nhierarchical_memsw_limit {UNLIMITED_IN_VERSION_1}\n"
    files = {"memory/memory.limit_in_bytes": UNLIMITED_IN_VERSION_1, "memory/memory.stat": stat}
    assert memory_limit(version_1(machine, files, "/docker/1234", shown="/docker/1234")) == 700


@pytest.mark.parametrize("group", ["/../../other", "/somewhere/else"])
def test_a_group_that_is_not_mounted_here_leaves_the_mounted_one(machine, group: str) -> None:
    root = version_2(machine, {"cpu.max": "200000 100000"}, group=group, shown="/kubepods/pod")
    assert core_limit(root) == 2


def test_a_path_with_blanks_and_colons_is_found(machine) -> None:
    root = version_2(machine, {"a b:c/cpu.max": "200000 100000"}, group="/a b:c")
    assert core_limit(root) == 2


def test_both_versions_at_once_both_count(machine) -> None:
    mounts = VERSION_1.format(line=1, shown="/", name="cpu") + VERSION_2.format(shown="/").replace(
        "/sys/fs/cgroup", "/sys/fs/cgroup/unified"
    )
    files = {"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000", "unified/memory.max": "300"}
    root = machine("1:cpu:/\n0::/\n", mounts, files)
    assert (core_limit(root), memory_limit(root)) == (4, 300)


@pytest.mark.parametrize("content", ["", "garbage", "-1", "100000", "100000 0", "max", "1e5 1e5", "\x00"])
def test_what_cannot_be_understood_is_no_limit(machine, content: str) -> None:
    root = version_2(machine, {"cpu.max": content, "memory.max": "x"})
    assert core_limit(root) == memory_limit(root) == math.inf


def test_without_proc_the_usual_place_is_read(tmp_path: Path) -> None:
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("300000 100000\n")
    assert core_limit(tmp_path) == 3


@pytest.mark.parametrize(
    ("quota", "usable"), [("max", 8), ("50000", 1), ("100000", 1), ("290000", 2), ("800000", 8), ("990000", 8)]
)
def test_cores_are_those_within_the_limit_and_at_least_one(
    machine, monkeypatch: pytest.MonkeyPatch, quota: str, usable: int
) -> None:
    monkeypatch.setattr(cores, "permitted_cores", lambda: 8)
    assert usable_cores(version_2(machine, {"cpu.max": f"{quota} 100000"})) == usable


def test_memory_is_that_of_the_container(machine) -> None:
    root = version_2(machine, {"memory.max": str(10**6), "memory.current": str(4 * 10**5)})
    (root / "proc/meminfo").write_text("MemTotal: 99 kB\nMemAvailable:  8000000 kB\n")
    found = usable_memory(root)
    assert (found.available, found.total) == (6 * 10**5, 10**6)


def test_memory_that_other_programs_took_is_not_available(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemAvailable: 3 kB\n")
    assert usable_memory(tmp_path).available == 3072


def test_without_any_table_all_memory_counts(tmp_path: Path) -> None:
    found = usable_memory(tmp_path)
    assert found.available == found.total > 0


def test_the_limit_of_a_process_is_the_tighter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {machine_memory.resource.RLIMIT_AS: (700, 900), machine_memory.resource.RLIMIT_DATA: (800, 900)}
    monkeypatch.setattr(machine_memory.resource, "getrlimit", limits.__getitem__)
    assert machine_memory.process_limit() == 700
    unlimited = (machine_memory.UNLIMITED, machine_memory.UNLIMITED)
    monkeypatch.setattr(machine_memory.resource, "getrlimit", lambda each: unlimited)
    assert machine_memory.process_limit() == math.inf
