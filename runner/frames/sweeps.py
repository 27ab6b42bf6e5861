"""Running a sweep from Python, and what comes back: its name with its answers."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from fitgap.runner.amounts import counted
from fitgap.runner.driver import SweepStoppedError, WrittenSweep, drive, stored_sweep, write_sweep
from fitgap.runner.engine import Cluster, ClusterSettings, find_cluster, require_engine
from fitgap.runner.errors import ClusterError, SpecError
from fitgap.runner.frames.store import open_store
from fitgap.runner.messages import Block
from fitgap.runner.planning.sweep import prepare_sweep
from fitgap.runner.spec import Flags, Sweep, sweep_from_file, sweep_from_mapping
from fitgap.runner.store import Store, open_store_for_writing

EngineName = Literal["auto", "ray", "local"]
Notify = Callable[[str], None]


@dataclass(frozen=True)
class SweepFrames:
    """A sweep in a database: its name, and its answers as data frames, asked anew each time."""

    name: str
    db: str | None = None

    def trials(self, **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).trials(name, …)`."""
        with open_store(self.db) as store:
            return store.trials(self.name, **options)

    def epochs(self, **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).epochs(name, …)`."""
        with open_store(self.db) as store:
            return store.epochs(self.name, **options)

    def compare(self, by: str | list[str], **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).compare(name, by, …)`."""
        with open_store(self.db) as store:
            return store.compare(self.name, by, **options)


def run_sweep(
    sweep: str | os.PathLike[str] | Mapping[str, Any],
    *,
    db: str | None = None,
    name: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int = 1,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    notify: Notify = print,
) -> SweepFrames:
    """Train a sweep, given as the path of a sweep file or as a mapping like one; returns it when all trials have ended.

    A taken name gets a number, as for the command. `tell` is called with a line for people where something could not be
    started. Ctrl-C puts the trials in flight back and raises KeyboardInterrupt; `resume_sweep` goes on.

    With the `address` of a Ray cluster it is trained there; the three arguments after that are the command's flags of
    these names.
    """
    check_workers(workers)
    cluster = cluster_at(engine, address, cpus_per_pack, max_in_flight, mixed_versions)
    prepared = prepare_sweep(sweep_of(sweep, name))
    with open_store_for_writing(db) as store:
        return finished(store, write_sweep(store, prepared), db, (engine, workers, cluster), notify)


def resume_sweep(
    sweep: str | int,
    *,
    db: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int = 1,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    notify: Notify = print,
) -> SweepFrames:
    """Train what is not finished of a sweep in the database, where `run_sweep` could."""
    check_workers(workers)
    cluster = cluster_at(engine, address, cpus_per_pack, max_in_flight, mixed_versions)
    with open_store(db) as reading:
        reading.trials(sweep, limit=1)
    with open_store_for_writing(db) as store:
        return finished(store, stored_sweep(store, str(sweep)), db, (engine, workers, cluster), notify)


def sweep_of(sweep: str | os.PathLike[str] | Mapping[str, Any], name: str | None) -> Sweep:
    """The sweep of a file or of a mapping, under another name if one is given. Raises SpecError."""
    if not isinstance(sweep, (str, os.PathLike, Mapping)):
        raise SpecError(f"a sweep is the path of a sweep file or a mapping like one, not {type(sweep).__name__}")
    if isinstance(sweep, Mapping):
        return sweep_from_mapping(sweep if name is None else {**sweep, "name": name})
    return sweep_from_file(Path(sweep), Flags(name=name))


def check_workers(workers: int | None) -> None:
    """SpecError for a number of workers that cannot be."""
    is_number = isinstance(workers, int) and not isinstance(workers, bool)
    if workers is not None and not (is_number and workers >= 1):
        raise SpecError(f"workers must be a whole number from 1, or None for one per core, but is {workers!r}")


def cluster_at(
    engine: str, address: str | None, cores_per_pack: int, most_in_flight: int | None, mixed_versions: bool
) -> Cluster | None:
    """The cluster of an address if there is one, which is looked at before anything is written."""
    require_engine(engine)
    if address is None:
        return None
    if engine == "local":
        raise ClusterError(
            f"engine 'local' trains in this process, not at the address {address}; leave one of them out"
        )
    return find_cluster(ClusterSettings(address, cores_per_pack, most_in_flight, mixed_versions))


def finished(
    store: Store,
    written: WrittenSweep,
    db: str | None,
    where: tuple[str, int | None, Cluster | None],
    notify: Notify,
) -> SweepFrames:
    """Drive a sweep to its end, with this engine and so many workers, on this machine or a cluster."""
    engine, workers, cluster = where
    # An address says where whatever the engine, for who trains on a cluster is Ray.
    engine = "ray" if cluster else engine
    try:
        drive(store, written, engine=engine, workers=workers, cluster=cluster, on_block=ignore_block, notify=notify)
    except SweepStoppedError as stopped:
        going_on = f"go on with resume_sweep({stopped.sweep_name!r})"
        raise KeyboardInterrupt(
            f"stopped; {counted(stopped.released, 'trial')} in flight put back; {going_on}"
        ) from None
    # It may have been renamed while it was trained.
    return SweepFrames(store.sweep(written.sweep_id)["name"], db)


def ignore_block(block: Block) -> None:
    """Nobody watches."""
