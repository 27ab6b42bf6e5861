"""How many cores this process may use."""

import os
from pathlib import Path

from fitgap.runner.system.control_groups import ROOT, core_limit


def usable_cores(root: Path = ROOT) -> int:
    """How many cores this process can keep busy: those it may run on, within the limit of its container."""
    return max(1, int(min(permitted_cores(), core_limit(root))))


def permitted_cores() -> int:
    """How many cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
