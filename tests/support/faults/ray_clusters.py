"""Ray clusters for tests: three nodes on this machine, of which some may be killed and others added."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from support.faults.commands import descendants, is_alive, kill

TOKEN = "0123456789abcdef" * 2
ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray would replace the address of this machine by one that others can reach.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
PROGRAM = Path(__file__).with_name("cluster_process.py")
SECONDS_TO_END = 30.0


class RayCluster:
    """A running cluster: its address, and what can be done to it."""

    def __init__(self, process):
        self.process = process
        self.address = self._answer()

    def _answer(self):
        for line in self.process.stdout:
            if line.startswith("answer "):
                return line.split()[1]
        raise AssertionError("the cluster has ended")

    def do(self, command):
        """Do it, and wait until it is done."""
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self._answer()


@contextlib.contextmanager
def ray_cluster(nodes=3):
    """A cluster of so many nodes of one core each."""
    environment = {**os.environ, **ENVIRONMENT}
    process = subprocess.Popen(
        [sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    started = set()
    try:
        cluster = RayCluster(process)
        for _ in range(nodes - 1):
            cluster.do("add")
        yield cluster
    finally:
        started |= descendants(process.pid)
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            process.stdin.write("end\n")
            process.stdin.close()
            process.wait(SECONDS_TO_END)
        process.kill()
        process.wait()
        process.stdout.close()
        kill(filter(is_alive, started))
