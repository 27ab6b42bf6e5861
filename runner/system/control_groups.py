"""Control groups: how much of the machine's cores, memory and processes a container lets this process use.

Every limit is the tightest of those of the process's own group and of all groups around it, in both versions of the
kernel's interface. The folder `root` holds `proc` and is where mounted folders are found; tests make up another one.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
# Where the groups are if the table of mounts does not tell.
USUAL_MOUNT = "/sys/fs/cgroup"


@dataclass(frozen=True)
class Mount:
    """A mounted hierarchy: its folder, the group that this folder shows, and its controllers; none in version 2."""

    folder: str
    group: str
    controllers: frozenset[str]

    def shows(self, controllers: frozenset[str]) -> bool:
        """Whether groups with these controllers are found here; version 2 has a single hierarchy for all."""
        return controllers <= self.controllers if controllers else not self.controllers


def core_limit(root: Path = ROOT) -> float:
    """How many cores' worth of time this process may use; infinity without a limit."""
    return least(core_quota, groups("cpu", root))


def memory_limit(root: Path = ROOT) -> float:
    """How many bytes of memory this process and those in the same container may use; infinity without a limit."""
    return least(memory_bound, groups("memory", root))


def memory_left(root: Path = ROOT) -> float:
    """How many bytes are left of every limit on memory; infinity without a limit."""
    return least(lambda group: max(0.0, memory_bound(group) - memory_used(group)), groups("memory", root))


def processes_left(root: Path = ROOT) -> float:
    """How many more processes and threads may be started; infinity without a limit."""
    return least(
        lambda group: number(group / "pids.max") - number(group / "pids.current", otherwise=0), groups("pids", root)
    )


def least(of: Callable[[Path], float], folders: Iterator[Path]) -> float:
    return min(map(of, folders), default=math.inf)


def core_quota(group: Path) -> float:
    """Microseconds of computing per microsecond: `200000 100000` in version 2, two files in version 1."""
    quota, _, period = text_of(group / "cpu.max").partition(" ")
    quota = quota or text_of(group / "cpu.cfs_quota_us")
    period = period or text_of(group / "cpu.cfs_period_us")
    if not (quota.isdigit() and period.isdigit() and int(period)):
        # `max` or -1: no limit.
        return math.inf
    return int(quota) / int(period)


def memory_bound(group: Path) -> float:
    """Above `memory.high` a process is not killed but slowed down until it hardly moves, which is no better."""
    bounds = [number(group / name) for name in ("memory.max", "memory.high", "memory.limit_in_bytes")]
    return min(*bounds, statistics(group).get("hierarchical_memory_limit", math.inf))


def memory_used(group: Path) -> float:
    """The memory in use that cannot be had back by forgetting files that were read."""
    told = statistics(group)
    used = number(group / "memory.current", otherwise=0) or number(group / "memory.usage_in_bytes", otherwise=0)
    return max(0.0, used - told.get("total_inactive_file", told.get("inactive_file", 0)))


def statistics(group: Path) -> dict[str, float]:
    lines = (line.split() for line in text_of(group / "memory.stat").splitlines())
    return {words[0]: float(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}


def number(file: Path, otherwise: float = math.inf) -> float:
    """The number in a file; `otherwise` where it is missing or holds none, such as `max`."""
    text = text_of(file)
    return float(text) if text.isdigit() else otherwise


def text_of(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process's groups that can have limits of a controller: its own, then those around it."""
    mounted = mounts(root)
    # Without /proc it is most likely a container, whose own group is mounted in the usual place.
    for line in (text_of(root / "proc/self/cgroup") or "0::/").splitlines():
        # `0::/path` in version 2, `4:cpu,cpuacct:/path` in version 1.
        _, names, path = [*line.split(":", 2), "", ""][:3]
        controllers = frozenset(filter(None, names.split(",")))
        if not controllers or controller in controllers:
            for mount in mounted:
                if mount.shows(controllers):
                    yield from folders_between(root / mount.folder.lstrip("/"), mount.group, path)


def folders_between(top: Path, shown: str, path: str) -> Iterator[Path]:
    """The folder of a group and those around it as far as they are mounted: `top` shows the group `shown`."""
    if shown != "/" and path != shown and not path.startswith(f"{shown}/"):
        # A container that sees paths of its host.
        path = shown
    inner = [part for part in path.removeprefix(shown).split("/") if part]
    # Outside of the process's namespace nothing can be seen.
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
    # The options of a hierarchy of version 1 name its controllers.
    controllers = frozenset(kind[2].split(",")) if kind[0] == "cgroup" else frozenset()
    return Mount(unescaped(fields[4]), unescaped(fields[3]), controllers)


def unescaped(path: str) -> str:
    """A path of the table of mounts, in which a blank is written `\\040`."""
    return re.sub(r"\\([0-7]{3})", lambda escape: chr(int(escape[1], 8)), path)
