"""Throughput of one or several drivers for a thousand workers: real driver and store, simulated cluster."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from fitgap.runner.cli.render.progress import LiveProgress
from fitgap.runner.driver import drive, expected_work, stored_sweep, write_sweep
from fitgap.runner.planning.packs import block_seconds
from fitgap.runner.store import open_store_for_writing

from benchmarks.ours.driving import prepared_sweep
from benchmarks.ours.pack_times import recorded_times
from benchmarks.ours.planning import largest_memory
from benchmarks.ours.server import temporary_server
from benchmarks.ours.simulated_cluster import SimulatedCluster
from benchmarks.processes import ROOT, child_environment
from benchmarks.sweeps import large_sweep

# The number of workers to serve, and packs per worker, as in a much larger sweep.
WANTED_WORKERS = 1_000
PACK_SIZE, PACKS_PER_WORKER = 48, 2
SEED = 1


def drive_cluster(
    architecture: str, trials: int, epochs: int, record: str, server: bool, drivers: int = 1
) -> dict[str, float]:
    """Trials, rows and blocks per second that the drivers can record; the trials per second that 1,000 workers train;
    and the peak memory of a driver in MB.

    Rates are computed from CPU times, assuming that a driver and its server take turns and that several drivers run in
    parallel. Writing the sweep and the simulation itself are not counted. `clock` is trials per second of wall-clock
    time on the CPUs of this machine.
    """
    with database(server) as (address, server_seconds):
        with open_store_for_writing(address) as store:
            name = write_sweep(
                store, prepared_sweep(large_sweep(trials, architecture, epochs=epochs, record=record))
            ).name
        workers = max(1, min(WANTED_WORKERS, trials // (PACK_SIZE * PACKS_PER_WORKER)) // drivers)
        before = server_seconds()
        parts = run_drivers(address, name, architecture, workers, drivers)
        served = server_seconds() - before
    whole = {key: sum(part[key] for part in parts) for key in ("trials", "rows", "blocks", "processor", "busy")}
    seconds = (whole["processor"] + served) / drivers
    return {
        **{key: whole[key] / seconds for key in ("trials", "rows", "blocks")},
        # `busy` is the simulated time in seconds that workers spend on all trials.
        "needed": WANTED_WORKERS * trials / whole["busy"],
        "clock": whole["trials"] / max(part["seconds"] for part in parts),
        # Milliseconds per trial.
        "driver": 1e3 * whole["processor"] / trials,
        "server": 1e3 * served / trials,
        "megabytes": max(part["megabytes"] for part in parts),
    }


@contextlib.contextmanager
def database(server: bool) -> Iterator[tuple[str, Any]]:
    """The address of an empty database, and a function that returns the CPU time of its server in seconds."""
    if server:
        with temporary_server() as running:
            yield running.address(), running.processor_seconds
    else:
        with TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
            yield f"{folder}/it.db", lambda: 0.0


def run_drivers(address: str, name: str, architecture: str, workers: int, drivers: int) -> list[dict[str, float]]:
    """The results of all drivers, which run at the same time in separate processes."""
    arguments = {"address": address, "name": name, "architecture": architecture, "workers": workers}
    tasks = [{**arguments, "seed": SEED + number} for number in range(drivers)]
    with ThreadPoolExecutor(drivers) as pool:
        return list(pool.map(in_a_process, tasks))


def in_a_process(arguments: dict[str, Any]) -> dict[str, float]:
    """Run `drive_part` in its own process, on the cores of this one."""
    task = {"function": "benchmarks.ours.cluster:drive_part", "arguments": arguments, "cores": []}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child"],
        input=json.dumps(task),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=child_environment(),
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def drive_part(address: str, name: str, architecture: str, workers: int, seed: int) -> dict[str, float]:
    """Drive a sweep with a simulated cluster until no trials are left."""
    cluster = SimulatedCluster(workers, recorded_times(architecture), seed)
    with open_store_for_writing(address) as store:
        written = stored_sweep(store, name)
        on_block = Watch(LiveProgress(expected_work(store, written)))
        with (
            patch("fitgap.runner.driver.loop.make_engine", lambda *arguments, **options: cluster),
            # Regardless of their number, workers send blocks as rarely as a thousand workers would.
            patch("fitgap.runner.planning.packs.block_seconds", lambda workers: block_seconds(WANTED_WORKERS)),
            on_block.progress,
        ):
            began, processor = on_block.note()
            drive(store, written, engine="ray", workers=workers, on_block=on_block)
    return {
        # The differences are negative if the other drivers have taken all trials.
        "seconds": max(0.0, on_block.last - began - cluster.own_seconds),
        "processor": max(0.0, on_block.processor - processor - cluster.own_processor_seconds),
        "busy": cluster.busy_seconds,
        "trials": cluster.trials,
        "rows": cluster.rows,
        "blocks": cluster.blocks,
        "megabytes": largest_memory() / 1e6,
    }


class Watch:
    """Shows the progress of a sweep as the command does, and notes when the last block was stored."""

    def __init__(self, progress: LiveProgress):
        self.progress = progress
        self.last = self.processor = 0.0

    def note(self) -> tuple[float, float]:
        """Note the current clock time and CPU time: at the start, then after each block."""
        self.last, self.processor = time.perf_counter(), time.process_time()
        return self.last, self.processor

    def __call__(self, block: Any) -> None:
        self.progress(block)
        self.note()
