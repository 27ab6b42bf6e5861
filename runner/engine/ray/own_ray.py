"""A Ray of our own on this machine, started for one command and gone with it."""

import contextlib
import logging
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from runner.blas import THREAD_VARIABLES
from runner.engine.guardian import start_guardian
from runner.engine.protocol import Crew
from runner.engine.ray.notices import FileNotices
from runner.messages import Block, PackTask

# Read by Ray when it is imported or started; workers inherit them.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray 2.60 listens on every interface and replaces the address it is given; this makes it keep to loopback.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
    **dict.fromkeys(THREAD_VARIABLES, "1"),
}
LOOPBACK = "127.0.0.1"


class OwnRay:
    """Where packs train: processes of a Ray on this machine, as many as `workers`."""

    # What to do where it cannot be started.
    versions = None
    advice = "`fitgap doctor` looks into it, --engine local does without Ray"

    def __init__(self, workers: int):
        self.workers = workers
        self.most_in_flight: int | None = None

    def crew(self, packs: int) -> Crew | None:
        return None

    def task_options(self, task: PackTask) -> dict[str, Any]:
        return {}

    def note(self, task: PackTask, block: Block, seconds: float) -> None:
        pass

    def news(self) -> tuple[str, ...]:
        return ()

    def prepare(self) -> None:
        """What must be there before it is opened, in the thread that uses it."""
        # Workers stand in this folder as long as they live.
        self.folder = tempfile.TemporaryDirectory(prefix="fitgap-")
        self.notices = FileNotices(Path(self.folder.name))
        self._guardian = start_guardian(self.folder.name)

    def open(self) -> None:
        """Start Ray; takes seconds."""
        start_ray(self.workers, self.folder.name)

    def close(self) -> None:
        """Clear up when Ray has ended."""
        if self._guardian and self._guardian.stdin:
            self._guardian.stdin.close()
            self._guardian.wait()
        self.folder.cleanup()

    def abandon(self) -> None:
        shutil.rmtree(self.folder.name, ignore_errors=True)


def start_ray(workers: int, folder: str) -> None:
    """Start a Ray of our own on this machine, listening on loopback only, without dashboard or usage statistics."""
    os.environ.update(ENVIRONMENT)
    # A token of our own: nobody else on this machine can submit work, and no token file is left behind.
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import ray

    # Ray puts the current folder at the head of the workers' module path; a `core` or `runner.py` there must not win.
    with contextlib.chdir(folder):
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            _node_ip_address=LOOPBACK,
            logging_level=logging.ERROR,
            log_to_driver=False,
        )
