"""Our own Ray on this machine, started for one command and stopped with it.

All its files are below a folder that only this user can enter, because Ray creates files that every user may write.
"""

import contextlib
import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from fitgap.runner.engine.cluster.ray_environment import own_environment
from fitgap.runner.engine.interface import ClusterStatus
from fitgap.runner.engine.ray.stop_signals import FileSignals
from fitgap.runner.engine.ray.watchdog import FOLDER_VARIABLE, PROC, end_processes, reap, start_watchdog
from fitgap.runner.files.private_folder import LONGEST_FOR_RAY, make_private_folder
from fitgap.runner.messages import Block, PackTask

LOOPBACK = "127.0.0.1"
# If this is missing or read-only, Ray starts only with another folder.
SHARED_MEMORY = "/dev/shm"


class LocalCluster:
    """A Ray instance on this machine with `workers` worker processes."""

    is_own = True
    versions = None
    # What to do if it cannot be started.
    advice = "`fitgap doctor` finds the cause, and --engine local works without Ray"

    def __init__(self, workers: int):
        self.workers = workers
        # A file descriptor to keep open until all of this Ray has ended.
        self.gone: int | None = None
        self.folder = ""
        self.most_in_flight: int | None = None

    def cluster_status(self, packs: int) -> ClusterStatus | None:
        return None

    def task_options(self, task: PackTask) -> dict[str, Any]:
        return {}

    def on_block(self, task: PackTask, block: Block, seconds: float) -> None:
        pass

    def news(self) -> tuple[str, ...]:
        return ()

    def prepare(self) -> None:
        """Create the folder and start the watchdog, which removes it whatever happens. Raises EngineError."""
        # This folder is the working directory of all workers.
        self.folder = str(make_private_folder(longest=LONGEST_FOR_RAY))
        self.stop_signals = FileSignals(Path(self.folder))
        self._watchdog: subprocess.Popen[bytes] = start_watchdog(self.folder, self.gone)

    def open(self) -> None:
        """Start Ray, which takes several seconds."""
        start_ray(self.workers, self.folder)

    def end(self) -> None:
        """Kill all processes of this Ray and remove its files; this process must exit next."""
        if self.folder and not PROC.exists():
            # Without /proc only Ray itself can find its processes.
            import ray

            ray.shutdown()
        if self.folder:
            reap(end_processes(self.folder, spared={os.getpid()}))
            shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove Ray's files after it was shut down."""
        assert self._watchdog.stdin
        self._watchdog.stdin.close()
        self._watchdog.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_ray(workers: int, folder: str) -> None:
    """Start our own Ray on this machine, on the loopback interface only, without dashboard and usage statistics.

    Changes the environment of this process, which only hosts Ray.
    """
    os.environ.update({**own_environment(), FOLDER_VARIABLE: folder})
    import ray

    # Ray puts the current folder first on the workers' module path; a `numpy.py` there must not be imported.
    with contextlib.chdir(folder):
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            _node_ip_address=LOOPBACK,
            logging_level=logging.ERROR,
            log_to_driver=False,
            _plasma_directory=object_folder(folder),
        )


def object_folder(folder: str, shared: str = SHARED_MEMORY) -> str | None:
    """The folder for Ray's objects; None for its default, which needs writable shared memory."""
    return None if os.access(shared, os.W_OK) else folder
