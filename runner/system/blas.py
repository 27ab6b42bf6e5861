"""Control of the number of BLAS threads, in started processes and in this one while it trains."""

import contextlib
import os
import threading
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from fitgap.runner.system.environment_variables import environment_kept

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare_blas() -> None:
    """Set one BLAS thread for this process and its children; call this before NumPy is imported.

    Small matrices gain nothing from more threads, and starting them takes time.
    """
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))


@cache
def thread_pools() -> ModuleType:
    """The package threadpoolctl, imported without side effects on the environment."""
    with environment_kept():
        import threadpoolctl
    return threadpoolctl


@cache
def blas() -> "ThreadpoolController":
    """The controller of this process's BLAS threads, cached because finding the libraries is slow."""
    controller: ThreadpoolController = thread_pools().ThreadpoolController()
    return controller


class OneBlasThread:
    """Limits BLAS to one thread while any thread of this process trains.

    The limit applies to the whole process. The first training thread sets it, and the last one restores the old value.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._limit = contextlib.ExitStack()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if not self._count:
                self._limit.enter_context(blas().limit(limits=1))
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if not self._count:
                    self._limit.close()


one_blas_thread = OneBlasThread()
