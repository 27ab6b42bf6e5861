"""Check of compiled passes, which are bit-identical to NumPy's: whether LLVM works on this processor."""

import os
from collections.abc import Iterator

from fitgap.core.kernels.selection import CHOICES, NUMPY, VARIABLE
from fitgap.runner.doctor.finding import Finding, ok, warning

CHECK = "compiled passes"


def check_kernels(database: str | None) -> Iterator[Finding]:
    """Check what this process would train with."""
    yield kernels_finding(os.environ.get(VARIABLE))


def kernels_finding(chosen: str | None) -> Finding:
    """The finding for this value of the environment variable."""
    if chosen is not None and chosen not in CHOICES:
        found = f"{VARIABLE} is {chosen!r}, but must be one of {', '.join(CHOICES)}; it is treated as auto"
        return warning(CHECK, found, f"unset {VARIABLE}")
    if chosen == NUMPY:
        return ok(CHECK, f"turned off by {VARIABLE}; training uses NumPy alone")
    try:
        from fitgap.core.kernels.machine_code import compiler

        return ok(CHECK, f"LLVM compiles for {compiler().processor}; results equal NumPy's bit for bit")
    except Exception as error:  # After any failure, NumPy is used, which is slower but gives the same numbers.
        found = f"LLVM cannot be used: {type(error).__name__}: {error}; training uses NumPy alone, which takes longer"
        return warning(CHECK, found, "install llvmlite again")
