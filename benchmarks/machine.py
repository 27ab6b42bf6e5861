"""Description of the machine and of the versions that are measured."""

import os
import platform
from collections.abc import Iterable

import numpy as np
from fitgap.runner.system.machine_record import installed_version, processor
from threadpoolctl import threadpool_info


def describe(distributions: Iterable[str]) -> list[str]:
    """Lines that describe the machine and the versions behind a table."""
    blas = ", ".join(f"{each['internal_api']} {each['version']}" for each in threadpool_info()) or "unknown"
    versions = [f"{name} {found}" for name in distributions if (found := installed_version(name))]
    return [
        f"{processor()}, {usable_cores()} cores, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, NumPy {np.__version__}, BLAS {blas}, one thread per process",
        *([", ".join(versions)] if versions else []),
    ]


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
