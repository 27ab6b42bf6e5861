"""What ran and where: versions, processor and git commit as plain data, and how to know a process again.

NumPy and others are imported where they are asked, so that one may ask what is installed where they are not.
"""

import contextlib
import os
import platform
import secrets
import socket
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fitgap.runner.system.blas import thread_pools
from fitgap.runner.system.commit import describe_commit
from fitgap.runner.system.programs import answer_of

PROC = Path("/proc")
ENDED_STATES = ("Z", "X")
UNKNOWN = "unknown"


def describe_environment() -> dict[str, str | bool | None]:
    """What decides the bits of a result, as plain data; what cannot be found out is None. Never fails."""
    return {
        "fitgap": installed_version("fitgap"),
        "python": platform.python_version(),
        "numpy": installed_version("numpy"),
        "ray": installed_version("ray"),
        **describe_blas(),
        "simd": " ".join(numpy_build("SIMD Extensions").get("found", [])),
        "processor": processor(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        **describe_commit(),
    }


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution, without importing it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def describe_blas() -> dict[str, str | None]:
    """NumPy's BLAS as it was loaded, with the kernels that it chose for this processor; else as NumPy was built."""
    loaded = [each for each in thread_pools().threadpool_info() if each["user_api"] == "blas"]
    # SciPy and others bring a BLAS of their own.
    of_numpy = [each for each in loaded if "numpy" in each["filepath"]] or loaded
    if of_numpy:
        chosen = of_numpy[0]
        return {"blas": f"{chosen['internal_api']} {chosen['version']}", "blas_kernels": chosen.get("architecture")}
    built = numpy_build("Build Dependencies").get("blas", {})
    return {"blas": f"{built.get('name')} {built.get('version')}" if built else None, "blas_kernels": None}


def numpy_build(part: str) -> dict[str, Any]:
    """A part of what NumPy tells about how it was built and what it found at its start."""
    import numpy as np

    told: Any = np.show_config(mode="dicts")
    return told.get(part, {})


def processor() -> str:
    """The processor's name as Linux tells it, else as Python does."""
    with contextlib.suppress(OSError):
        for line in (PROC / "cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def machine_identity() -> str:
    """A text that is the same for two processes only where they see each other by process number.

    It names the host, its boot and the namespace of process numbers. Where these cannot be told it is a text that no
    other process has, so that nobody is ever taken for gone who is only somewhere else.
    """
    try:
        # A /proc of another namespace tells of other processes than the numbers here mean.
        if os.readlink(PROC / "self") != str(os.getpid()):
            return secrets.token_hex(16)
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.readlink(PROC / "self/ns/pid")
    except OSError:
        session = answer_of("sysctl", "-n", "kern.bootsessionuuid")
        if not session:
            return secrets.token_hex(16)
        boot, namespace = session, "all"
    return f"{socket.gethostname()} {boot} {namespace}"


def process_started(process: int) -> str | None:
    """When the process of this number was started, in whatever unit the system tells it: to be compared, not read.

    None where there is no such process, or one that has ended and was not waited for.
    """
    if not process_exists(process):
        return None
    try:
        text = (PROC / str(process) / "stat").read_text(errors="replace")
    except OSError:
        return process_started_by_ps(process)
    # The name in parentheses may hold anything, even parentheses.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ENDED_STATES else fields[19]


def process_started_by_ps(process: int) -> str | None:
    """The same where /proc does not tell; UNKNOWN where nothing does."""
    answer = answer_of("ps", "-o", "stat=", "-o", "lstart=", "-p", str(process))
    if not answer:
        # It may have ended just now.
        return UNKNOWN if process_exists(process) else None
    state, _, started = answer.partition(" ")
    return None if state.startswith(ENDED_STATES) else started.strip()


def still_runs(process: int, started: str | None) -> bool:
    """Whether the process of this number is the one that was started then, not a later one of the same number.

    In doubt it is: who is taken for gone loses its work.
    """
    now = process_started(process)
    return now is not None and (now in (started, UNKNOWN) or started in (UNKNOWN, None))


def process_exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
