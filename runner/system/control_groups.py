"""Control groups: limits of a container on the cores, memory and processes that this process may use.

Every limit is the tightest among the process's own group and all its parent groups, in both versions of the kernel's
interface. `root` is the folder that contains `proc` and the mounts; tests pass a synthetic one.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
# The default mount point, if the mount table does not contain one.
USUAL_MOUNT = "/sys/fs/cgroup"


@dataclass(frozen=True)
class Mount:
    """A mounted hierarchy: its folder, the group shown at this folder, and its controllers (empty for version 2)."""

    folder: str
    group: str
    controllers: frozenset[str]

    def shows(self, controllers: frozenset[str]) -> bool:
        """Whether groups with these controllers are in this hierarchy; version 2 has a single one for all."""
        return controllers <= self.controllers if controllers else not self.controllers


def core_limit(root: Path = ROOT) -> float:
    """The number of cores' worth of CPU time that this process may use; infinity without a limit."""
    return least(core_quota, groups("cpu", root))


def memory_limit(root: Path = ROOT) -> float:
    """The bytes of memory that all processes of the container together may use; infinity without a limit."""
    return least(memory_bound, groups("memory", root))


def memory_left(root: Path = ROOT) -> float:
    """The bytes left until the first memory limit is reached; infinity without a limit."""
    return least(lambda group: max(0.0, memory_bound(group) - memory_used(group)), groups("memory", root))


def processes_left(root: Path = ROOT) -> float:
    """The number of processes and threads that may still be started; infinity without a limit."""
    return least(
        lambda group: number(group / "pids.max") - number(group / "pids.current", otherwise=0), groups("pids", root)
    )


def least(of: Callable[[Path], float], folders: Iterator[Path]) -> float:
    return min(map(of, folders), default=math.inf)


def core_quota(group: Path) -> float:
    """CPU time per wall-clock time, from `200000 100000` in version 2, or from two files in version 1."""
    quota, _, period = text_of(group / "cpu.max").partition(" ")
    quota = quota or text_of(group / "cpu.cfs_quota_us")
    period = period or text_of(group / "cpu.cfs_period_us")
    if not (quota.isdigit() and period.isdigit() and int(period)):
        # `max` or -1: no limit.
        return math.inf
    return int(quota) / int(period)


def memory_bound(group: Path) -> float:
    """The memory limit of a group. It includes `memory.high`, above which processes are throttled almost to a halt."""
    bounds = [number(group / name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
    return min(*bounds, statistics(group).get("hierarchical_memory_limit", math.inf))


def memory_used(group: Path) -> float:
    """The memory in use, without the file cache, which can be reclaimed."""
    figures = statistics(group)
    used = number(group / "memory.current", otherwise=0) or number(group / "memory.usage_in_bytes", otherwise=0)
    return max(0.0, used - figures.get("total_inactive_file", figures.get("inactive_file", 0)))


def statistics(group: Path) -> dict[str, float]:
    lines = (line.split() for line in text_of(group / "memory.stat").splitlines())
    return {words[0]: float(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}


def number(file: Path, otherwise: float = math.inf) -> float:
    """The number in a file; `otherwise` if the file is missing or contains no number, such as `max`."""
    text = text_of(file)
    return float(text) if text.isdigit() else otherwise


def text_of(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process's groups with limits of a controller: its own group, then the parents."""
    mounted = mounts(root)
    # Without /proc this is most likely a container, whose own group is at the default mount point.
    for line in (text_of(root / "proc/self/cgroup") or "0::/").splitlines():
        # `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1.
        _, names, path = [*line.split(":", 2), "", ""][:3]
        controllers = frozenset(filter(None, names.split(",")))
        if not controllers or controller in controllers:
            for mount in mounted:
                if mount.shows(controllers):
                    yield from folders_between(root / mount.folder.lstrip("/"), mount.group, path)


def folders_between(top: Path, shown: str, path: str) -> Iterator[Path]:
    """The folders of a group and its parents, as far as they are mounted; `top` shows the group `shown`."""
    if shown != "/" and path != shown and not path.startswith(f"{shown}/"):
        # A container that sees the paths of its host.
        path = shown
    inner = [part for part in path.removeprefix(shown).split("/") if part]
    # Nothing outside the process's namespace is visible.
    if ".." in inner:
        inner = []
    for depth in range(len(inner), -1, -1):
        yield top.joinpath(*inner[:depth])


def mounts(root: Path) -> list[Mount]:
    lines = text_of(root / "proc/self/mountinfo").splitlines()
    return list(filter(None, map(mount_of, lines))) or [Mount(USUAL_MOUNT, "/", frozenset())]


def mount_of(line: str) -> Mount | None:
    """The hierarchy in a line such as `36 35 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw`; None for other mounts."""
    before, _, after = line.partition(" - ")
    fields, kind = before.split(), after.split()
    if len(fields) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
        return None
    # In version 1 the mount options name the controllers.
    controllers = frozenset(kind[2].split(",")) if kind[0] == "cgroup" else frozenset()
    return Mount(unescaped(fields[4]), unescaped(fields[3]), controllers)


def unescaped(path: str) -> str:
    """A path from the mount table, in which a space is written `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), path)
