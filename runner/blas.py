"""What BLAS reads from the environment when NumPy is loaded."""

import os

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def prepare_blas() -> None:
    """One thread for this process and those it starts; to be called before NumPy is loaded.

    A worker trains on one thread: matrices this small gain nothing from more, and starting them takes time.
    """
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
