"""Ray clusters for tests: three nodes on this machine, to which nodes can be added and of which nodes can be killed."""

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
    # Otherwise Ray would replace the loopback address by one that other machines can reach.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
PROGRAM = Path(__file__).with_name("cluster_process.py")
SECONDS_TO_END = 30.0


class RayCluster:
    """A running cluster: its address, and a method to send it commands."""

    def __init__(self, process):
        self.process = process
        self.address = self._answer()

    def _answer(self):
        for line in self.process.stdout:
            if line.startswith("answer "):
                return line.split()[1]
        raise AssertionError("the cluster has ended")

    def do(self, command):
        """Send a command to the cluster's process, and wait until it has been carried out."""
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self._answer()


@contextlib.contextmanager
def ray_cluster(nodes=3):
    """A cluster of N nodes with one core each."""
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
