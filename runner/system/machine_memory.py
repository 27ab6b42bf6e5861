"""The memory that this process may use, limited by the machine and its container."""

import math
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from fitgap.runner.system.control_groups import ROOT, memory_left, memory_limit, text_of

UNLIMITED = resource.RLIM_INFINITY


@dataclass(frozen=True)
class Memory:
    """Available and total memory in bytes, and the limit per process (infinity without one)."""

    available: float
    total: float
    per_process: float


def usable_memory(root: Path = ROOT) -> Memory:
    """The memory of this machine or its container, whichever is less."""
    physical = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    total = min(physical, memory_limit(root))
    available = min(total, free_memory(root), memory_left(root))
    return Memory(available, total, process_limit())


def free_memory(root: Path) -> float:
    """The memory available without swapping; infinity if unknown."""
    for line in text_of(root / "proc/meminfo").splitlines():
        name, _, amount = line.partition(":")
        if name == "MemAvailable" and (kilobytes := amount.split()[:1]):
            return float(kilobytes[0]) * 1024
    return math.inf


def process_limit() -> float:
    """The memory limit of a process (`ulimit -v` and `ulimit -d`)."""
    limits = [resource.getrlimit(each)[0] for each in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return min((float(each) for each in limits if each != UNLIMITED), default=math.inf)
