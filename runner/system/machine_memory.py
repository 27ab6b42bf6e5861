"""How much memory this process may use, of this machine or of the container it runs in."""

import math
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from fitgap.runner.system.control_groups import ROOT, memory_left, memory_limit, text_of

UNLIMITED = resource.RLIM_INFINITY


@dataclass(frozen=True)
class Memory:
    """Bytes that can still be had, all there are, and what the limit of a single process is; infinity without one."""

    available: float
    total: float
    per_process: float


def usable_memory(root: Path = ROOT) -> Memory:
    """The memory of this machine or of its container, whichever is less."""
    physical = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    total = min(physical, memory_limit(root))
    available = min(total, free_memory(root), memory_left(root))
    return Memory(available, total, process_limit())


def free_memory(root: Path) -> float:
    """What the kernel could give without swapping; infinity where it does not tell."""
    for line in text_of(root / "proc/meminfo").splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable" and (kilobytes := amount.split()[:1]):
            return float(kilobytes[0]) * 1024
    return math.inf


def process_limit() -> float:
    """The most memory one process may have, as `ulimit -v` and `ulimit -d` say."""
    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return min((float(each) for each in limits if each != UNLIMITED), default=math.inf)
