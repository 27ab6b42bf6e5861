"""A Ray cluster on separate hosts, started with the commands from docs/how-to/clusters.md."""

import secrets
import sys
from pathlib import Path

from support.faults.environments import make_environment

PORT = 6379
# Packages that a node needs, according to docs/how-to/clusters.md.
NODE_PACKAGES = ("ray", "numpy", "threadpoolctl")
# Packages that a head needs to accept jobs.
JOB_PACKAGES = ("ray[default]", "fitgap")
SETTINGS = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    # All hosts share the cores of this machine. Niced workers would starve if anything else runs on it.
    "RAY_worker_niceness": "0",
}
# By default, Ray would reserve a third of this machine's memory for the object store of every host.
OBJECT_STORE = ("--object-store-memory", 80_000_000)


class RayHosts:
    """Hosts with the head and the nodes of a Ray cluster, and hosts with the program."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.node_programs = make_environment(hosts.folder / "environment", *NODE_PACKAGES)
        self.token = secrets.token_hex(32)

    def add_head(self, name="head"):
        """Add a host that starts a cluster as its head and trains nothing itself."""
        host = self._settled(self.hosts.add(name, programs=self.node_programs))
        self._start_head(host, "--include-dashboard", "false")
        return host

    def add_head_for_jobs(self, **environment):
        """Add a head that has the program and accepts jobs on loopback. `environment` is passed on to the drivers of
        these jobs.
        """
        programs = make_environment(self.hosts.folder / "head-environment", *JOB_PACKAGES)
        host = self._settled(self.hosts.add("job-head", programs=programs, has_repository=True))
        host.environment |= environment
        self._start_head(host, "--include-dashboard", "true", "--dashboard-host", "127.0.0.1")
        return host

    def _start_head(self, host, *dashboard):
        own = ("--node-ip-address", host.address, "--port", PORT)
        host.run("ray", "start", "--head", *own, "--num-cpus", 0, *dashboard, *OBJECT_STORE)

    def add_node(self, name, head, *, cores=1):
        """Add a host that joins a cluster. It has Ray, NumPy and threadpoolctl, but no database and no shared disk."""
        host = self._settled(self.hosts.add(name, programs=self.node_programs))
        self.join(host, head, cores=cores)
        return host

    def add_driver(self, name, head):
        """Add a host with the program that joins a cluster without training anything itself."""
        host = self._settled(self.hosts.add(name, programs=Path(sys.prefix), has_repository=True))
        self.join(host, head, cores=0)
        return host

    def join(self, host, head, *, cores):
        host.run("ray", "start", "--address", f"{head.address}:{PORT}", "--num-cpus", cores, *OBJECT_STORE)

    def _settled(self, host):
        """Store the token of the cluster on a host, where Ray looks for it."""
        (host.home / ".ray").mkdir()
        (host.home / ".ray" / "auth_token").write_text(self.token)
        host.environment |= SETTINGS
        return host
