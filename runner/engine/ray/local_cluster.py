"""A Ray of our own on this machine, started for one command and gone with it.

Everything it keeps is below a folder that only this user can enter. Ray itself creates files that every user may
write to.
"""

import contextlib
import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from fitgap.runner.engine.cluster.ray_environment import own_environment
from fitgap.runner.engine.protocol import ClusterStatus
from fitgap.runner.engine.ray.stop_signals import FileSignals
from fitgap.runner.engine.ray.watchdog import FOLDER_VARIABLE, PROC, end_processes, reap, start_watchdog
from fitgap.runner.files.private_folder import LONGEST_FOR_RAY, make_private_folder
from fitgap.runner.messages import Block, PackTask

LOOPBACK = "127.0.0.1"
# Ray does not start where this is missing or read-only, unless it is given another folder.
SHARED_MEMORY = "/dev/shm"


class LocalCluster:
    """Where packs train: processes of a Ray on this machine, as many as `workers`."""

    is_own = True
    versions = None
    # What to do if it cannot be started.
    advice = "`fitgap doctor` finds out why, --engine local does without Ray"

    def __init__(self, workers: int):
        self.workers = workers
        # A file descriptor to keep open until nothing of this Ray is left.
        self.gone: int | None = None
        self.folder = ""
        self.most_in_flight: int | None = None

    def crew(self, packs: int) -> ClusterStatus | None:
        return None

    def task_options(self, task: PackTask) -> dict[str, Any]:
        return {}

    def note(self, task: PackTask, block: Block, seconds: float) -> None:
        pass

    def news(self) -> tuple[str, ...]:
        return ()

    def prepare(self) -> None:
        """Make the folder and start the process that removes it in any case. Raises EngineError."""
        # Workers stay in this folder for their whole life.
        self.folder = str(make_private_folder(longest=LONGEST_FOR_RAY))
        self.notices = FileSignals(Path(self.folder))
        self._watchdog: subprocess.Popen[bytes] = start_watchdog(self.folder, self.gone)

    def open(self) -> None:
        """Start Ray; takes seconds."""
        start_ray(self.workers, self.folder)

    def end(self) -> None:
        """End all processes of this Ray at once and remove what it has left; this process must end next."""
        if self.folder and not PROC.exists():
            # Its processes cannot be found; Ray knows them.
            import ray

            ray.shutdown()
        if self.folder:
            reap(end_processes(self.folder, spared={os.getpid()}))
            shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove what Ray has left after it was shut down."""
        assert self._watchdog.stdin
        self._watchdog.stdin.close()
        self._watchdog.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_ray(workers: int, folder: str) -> None:
    """Start a Ray of our own on this machine, listening on loopback only, without dashboard or usage statistics.

    Changes the environment of this process, which has nothing else to do.
    """
    os.environ.update({**own_environment(), FOLDER_VARIABLE: folder})
    import ray

    # Ray puts the current folder at the head of the workers' module path; a `numpy.py` there must not win.
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
    """Where Ray keeps objects; None for its own choice, which needs shared memory that can be written to."""
    return None if os.access(shared, os.W_OK) else folder
