"""Which implementation a process trains with: NumPy at first, compiled passes as soon as they pay.

Loading LLVM takes 0.1 s and compiling a pass 0.03 to 0.06 s. So a pass is compiled only if all compiling so far, this
pass included, takes at most `LARGEST_SHARE` of the time for training that is done or certain to come. Both
implementations compute the same bits, so results do not depend on when the process switches.
"""

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

from fitgap.core.kernels.fused_pass import Formula, FusedPass

VARIABLE = "FITGAP_KERNELS"
AUTO, NUMPY, COMPILED = CHOICES = ("auto", "numpy", "compiled")
LARGEST_SHARE = 0.1
# Assumed times, in seconds, for loading LLVM and for compiling the next pass.
SECONDS_TO_LOAD, SECONDS_TO_COMPILE = 0.15, 0.06

MachineCode = Callable[[int], None]


class Kernels:
    """The machine code of a process, and the times from which it decides what to compile.

    `choice` is `auto`, `numpy` (compile nothing) or `compiled` (compile everything at once). `failure` says why nothing
    can be compiled here, once that is known. The `PackClock` of the pack in training updates `seconds_trained` and
    `seconds_ahead`, the time that the rest of this pack will take.
    """

    def __init__(self, choice: str = AUTO):
        self.choice = choice
        self.failure: str | None = None
        self.seconds_trained = self.seconds_ahead = self.seconds_compiling = 0.0
        self.known: dict[tuple[Any, ...], MachineCode] = {}

    def may_compile(self) -> bool:
        """Whether compiling one more pass pays."""
        if self.choice == NUMPY or self.failure is not None:
            return False
        cost = self.seconds_compiling + SECONDS_TO_COMPILE + (0 if self.known else SECONDS_TO_LOAD)
        return self.choice == COMPILED or cost <= LARGEST_SHARE * (self.seconds_trained + self.seconds_ahead)

    def machine_code(
        self, formula: Formula, operands: tuple[str, ...], steady: frozenset[str], dtype: str, axes: int = 3
    ) -> MachineCode | None:
        """The machine code of a pass; None if compiling it does not pay yet, or if it cannot be compiled here."""
        if self.choice == NUMPY:
            return None
        key = (formula, operands, steady, dtype, axes)
        if key not in self.known and self.may_compile():
            started = time.perf_counter()
            self._compile(key)
            self.seconds_compiling += time.perf_counter() - started
        return self.known.get(key)

    def _compile(self, key: tuple[Any, ...]) -> None:
        formula, operands, steady, dtype, axes = key
        fused = FusedPass(operands, steady, formula, axes)
        fused.results()
        try:
            # Imported here: most commands and short sweeps never need LLVM.
            from fitgap.core.kernels.machine_code import compiler

            self.known[key] = compiler().compile(fused, dtype)
        except Exception as error:  # Whatever goes wrong, NumPy computes the same numbers.
            self.failure = f"{type(error).__name__}: {error}"


def choice_of(value: str | None) -> str:
    """The choice for this value of the environment variable; `auto` if unknown, which `fitgap doctor` reports."""
    return value if value in CHOICES else AUTO


def described(choice: str) -> str:
    """A description of the implementation with which processes train if this is the choice."""
    if choice != NUMPY and not has_compiler():
        return "NumPy alone (llvmlite is not installed)"
    return {
        AUTO: "NumPy at first, compiled passes after some seconds",
        NUMPY: f"NumPy alone ({VARIABLE}={NUMPY})",
        COMPILED: f"compiled passes from the start ({VARIABLE}={COMPILED})",
    }[choice]


def has_compiler() -> bool:
    """Whether llvmlite is installed here; it is not loaded."""
    try:
        return importlib.util.find_spec("llvmlite") is not None
    except (ImportError, ValueError):
        return False


kernels = Kernels(choice_of(os.environ.get(VARIABLE)))
