"""What BLAS reads from the environment when NumPy is loaded: one thread, and kernels that suit the processor."""

import os
import sys
from pathlib import Path

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
KERNELS_VARIABLE = "OPENBLAS_CORETYPE"
# What the kernels for Skylake-X are made of.
NEEDED_INSTRUCTIONS = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


def prepare_blas() -> None:
    """Set the environment for this process and those it starts. To be called before NumPy is loaded.

    A worker trains on one thread: matrices this small gain nothing from more, and starting them takes time. OpenBLAS
    does not know every AMD processor with 512-bit vectors and then takes kernels for 256 bits, which were measured to
    take twice as long; where the user says nothing, it is told. Whoever loads NumPy first keeps what it has chosen, and
    so do the processes started from there: all of a sweep must compute with the same kernels, to the last bit.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = "1"
    if "numpy" not in sys.modules and has_wide_vectors():
        os.environ.setdefault(KERNELS_VARIABLE, "SkylakeX")


def has_wide_vectors(processors: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this is an AMD processor with all instructions that those kernels need, as Linux tells it."""
    try:
        text = processors.read_text(errors="replace")
    except OSError:
        return False
    lines = dict(line.split(":", 1) for line in text.partition("\n\n")[0].splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in lines.items()}
    return known.get("vendor_id") == "AuthenticAMD" and set(known.get("flags", "").split()) >= NEEDED_INSTRUCTIONS
