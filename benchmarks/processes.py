"""Runs a job in its own process, on its own cores, with one thread per numerical library."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.comparison import Job

ROOT = Path(__file__).parents[1]
LONGEST_SECONDS = 3600
ENVIRONMENT = {
    # Read when NumPy, PyTorch or JAX is imported.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    # Read when Ray is imported or started: no usage reports, loopback only, as fitgap's engine starts it.
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
}


KERNEL_CHOICES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_CBWR", "ATEN_CPU_CAPABILITY")


class MeasurementError(Exception):
    """A job has failed; the message says how."""


def run_job(job: Job) -> dict[str, float]:
    """The figures that the job returns. Raises MeasurementError."""
    task = {"function": job.function, "arguments": json.loads(job.arguments), "cores": chosen_cores(job.cores)}
    # Not a pipe, because processes that Ray leaves behind for a moment would keep it open.
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.child"],
            input=json.dumps(task),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env=child_environment(),
            check=False,
            timeout=LONGEST_SECONDS,
        )
        errors.seek(0)
        printed = errors.read().strip().splitlines()
    if done.returncode:
        raise MeasurementError(printed[-1] if printed else f"exited with code {done.returncode}")
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def child_environment() -> dict[str, str]:
    """The environment of every measurement, with this checkout first on the module path."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # Let each library choose its kernels for this processor, regardless of this shell's settings, and let Python cache
    # compiled modules, as it does for an installed package.
    left_out = (*KERNEL_CHOICES, "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**inherited, **ENVIRONMENT, "PYTHONPATH": path}


def chosen_cores(count: int) -> list[int]:
    """The last cores that this process may use, since the first ones serve interrupts. Empty if unsupported."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    return sorted(os.sched_getaffinity(0))[-count:]
