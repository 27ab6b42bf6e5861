"""Check of BLAS, which must use one thread per worker."""

from collections.abc import Iterator

from fitgap.runner.doctor.finding import Finding, ok, problem, warning
from fitgap.runner.system.blas import one_blas_thread, thread_pools
from fitgap.runner.system.machine_record import describe_blas


def check_blas(database: str | None) -> Iterator[Finding]:
    """Check how many threads NumPy uses while this process trains."""
    yield blas_finding("BLAS", threads_while_training())


def threads_while_training() -> list[int]:
    """The threads of each BLAS in this process, while it trains."""
    with one_blas_thread():
        return [each["num_threads"] for each in thread_pools().threadpool_info() if each["user_api"] == "blas"]


def blas_finding(check: str, threads: list[int]) -> Finding:
    """The finding for these numbers of threads."""
    known = describe_blas()
    library = ", ".join(filter(None, (known["blas"], known["blas_kernels"])))
    if not threads:
        found = f"{library or 'unknown'}: its threads cannot be counted or limited"
        return warning(check, found, "set its number of threads to 1 with the variable named in its manual")
    if max(threads) > 1:
        found = f"{library}: {max(threads)} threads per worker, which slow each other down"
        return problem(check, found, "set OMP_NUM_THREADS=1 and report it as a bug")
    return ok(check, f"{library}; 1 thread while training")
