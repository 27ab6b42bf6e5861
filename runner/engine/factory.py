"""The choice of an engine by its name."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fitgap.core.datasets import Dataset
from fitgap.runner.engine.cluster.description import Cluster
from fitgap.runner.engine.interface import Engine, Notify, ignore
from fitgap.runner.engine.ray_client.client import RayClient
from fitgap.runner.errors import SpecError, nearest

if TYPE_CHECKING:
    from fitgap.runner.engine.local_processes.pool import ProcessPool

ENGINES = ("auto", "ray", "local")


@contextlib.contextmanager
def early_processes(
    name: str, dataset: Dataset, workers: int | None, work: Iterable[float]
) -> "Iterator[ProcessPool | None]":
    """Start the local processes in which the engine will train, or yield None if it will not use any.

    `work` yields parts of the expected work; it is consumed only as far as needed to decide.
    """
    require_engine(name)
    if name != "auto":
        yield None
        return
    from fitgap.runner.engine import auto

    with auto.early_processes(dataset, workers, work) as processes:
        yield processes


def require_engine(name: str) -> None:
    """Raise SpecError if there is no engine of this name."""
    if name not in ENGINES:
        raise SpecError(f"--engine {name!r}: {nearest(name, ENGINES)}")


def make_engine(
    name: str,
    dataset: Dataset,
    workers: int | None,
    expected_work: float,
    notify: Notify = ignore,
    early: "ProcessPool | None" = None,
    cluster: Cluster | None = None,
) -> Engine:
    """The engine of this name, not yet started; with a cluster always the Ray engine.

    `auto` decides from the expected work what is worth starting, reports through `notify` what cannot be started, and
    takes over the processes of `early_processes`.
    """
    require_engine(name)
    if cluster:
        return RayClient(dataset, workers, cluster, notify)
    if name == "local":
        from fitgap.runner.engine.in_process import LocalEngine

        return LocalEngine(dataset)
    if name == "auto":
        from fitgap.runner.engine.auto import AutoEngine

        return AutoEngine(dataset, workers, expected_work, notify, early)
    return RayClient(dataset, workers)
