"""The number of cores that this process may use."""

import os
from pathlib import Path

from fitgap.runner.system.control_groups import ROOT, core_limit


def usable_cores(root: Path = ROOT) -> int:
    """The number of cores that this process can keep busy: its CPU affinity, within the container's limit."""
    return max(1, int(min(permitted_cores(), core_limit(root))))


def permitted_cores() -> int:
    """The number of cores on which this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
