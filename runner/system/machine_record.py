"""Description of the environment of a result (versions, processor, git commit), and identity of processes.

NumPy and other packages are imported only where needed, so that installed versions can be queried without them.
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

from fitgap.core.kernels.selection import described, kernels
from fitgap.runner.system.blas import thread_pools
from fitgap.runner.system.commit import describe_commit
from fitgap.runner.system.programs import output_of

PROC = Path("/proc")
ENDED_STATES = ("Z", "X")
UNKNOWN = "unknown"


def describe_environment() -> dict[str, str | bool | None]:
    """Everything that affects the bits of a result, as plain data; unknown values are None. Never fails."""
    return {
        "fitgap": installed_version("fitgap"),
        "python": platform.python_version(),
        "numpy": installed_version("numpy"),
        "ray": installed_version("ray"),
        "llvmlite": installed_version("llvmlite"),
        "training_steps": described(kernels.choice),
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
    """NumPy's loaded BLAS with the kernels that it chose for this processor; if unknown, the BLAS of NumPy's build."""
    loaded = [each for each in thread_pools().threadpool_info() if each["user_api"] == "blas"]
    # SciPy and other packages bring their own BLAS.
    of_numpy = [each for each in loaded if "numpy" in each["filepath"]] or loaded
    if of_numpy:
        chosen = of_numpy[0]
        return {"blas": f"{chosen['internal_api']} {chosen['version']}", "blas_kernels": chosen.get("architecture")}
    built = numpy_build("Build Dependencies").get("blas", {})
    return {"blas": f"{built.get('name')} {built.get('version')}" if built else None, "blas_kernels": None}


def numpy_build(part: str) -> dict[str, Any]:
    """A section of NumPy's build configuration."""
    import numpy as np

    configuration: Any = np.show_config(mode="dicts")
    return configuration.get(part, {})


def processor() -> str:
    """The processor's name, from Linux if possible, else from Python."""
    with contextlib.suppress(OSError):
        for line in (PROC / "cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@cache
def machine_identity() -> str:
    """A text that two processes share only if they can see each other by process number.

    It consists of host, boot and process namespace. If these are unknown it is random, so that a process that is merely
    elsewhere is never considered dead.
    """
    try:
        # A /proc of another namespace uses different process numbers.
        if os.readlink(PROC / "self") != str(os.getpid()):
            return secrets.token_hex(16)
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.readlink(PROC / "self/ns/pid")
    except OSError:
        session = output_of("sysctl", "-n", "kern.bootsessionuuid")
        if not session:
            return secrets.token_hex(16)
        boot, namespace = session, "all"
    return f"{socket.gethostname()} {boot} {namespace}"


def process_started(process: int) -> str | None:
    """The start time of the process with this number, in system-dependent form, for comparison only.

    None if there is no such process, or if it is a zombie.
    """
    if not process_exists(process):
        return None
    try:
        text = (PROC / str(process) / "stat").read_text(errors="replace")
    except OSError:
        return process_started_by_ps(process)
    # The name in parentheses may contain anything, even parentheses.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ENDED_STATES else fields[19]


def process_started_by_ps(process: int) -> str | None:
    """The start time from `ps`, for systems without /proc; UNKNOWN if that fails."""
    answer = output_of("ps", "-o", "stat=", "-o", "lstart=", "-p", str(process))
    if not answer:
        # The process may just have ended.
        return UNKNOWN if process_exists(process) else None
    state, _, started = answer.partition(" ")
    return None if state.startswith(ENDED_STATES) else started.strip()


def still_runs(process: int, started: str | None) -> bool:
    """Whether the process with this number is still the one that started at that time, not a later one.

    True if in doubt, because a process that is considered dead loses its work.
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
