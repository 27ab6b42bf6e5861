"""A Ray cluster on separate hosts, started by the commands that docs/how-to/clusters.md tells its users."""

import secrets
import sys
from pathlib import Path

from support.faults.environments import make_environment

PORT = 6379
# What a node needs, as docs/how-to/clusters.md says.
NODE_PACKAGES = ("ray", "numpy", "threadpoolctl")
# What a head needs that takes jobs.
JOB_PACKAGES = ("ray[default]", "fitgap")
SETTINGS = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    # All hosts share the cores of this machine, and whatever else runs on it would go before their workers.
    "RAY_worker_niceness": "0",
}
# Ray would take a third of this machine's memory for the objects of every host.
OBJECT_STORE = ("--object-store-memory", 80_000_000)


class RayHosts:
    """Hosts of which some are the head and the nodes of a Ray cluster, and some have the program."""

    def __init__(self, hosts):
        self.hosts = hosts
        self.node_programs = make_environment(hosts.folder / "environment", *NODE_PACKAGES)
        self.token = secrets.token_hex(32)

    def add_head(self, name="head"):
        """A host on which a cluster is started, and which trains nothing itself."""
        host = self._settled(self.hosts.add(name, programs=self.node_programs))
        self._start_head(host, "--include-dashboard", "false")
        return host

    def add_head_for_jobs(self, **environment):
        """A head that has the program too and takes jobs, on loopback; what its drivers are to know is given."""
        programs = make_environment(self.hosts.folder / "head-environment", *JOB_PACKAGES)
        host = self._settled(self.hosts.add("job-head", programs=programs, has_repository=True))
        host.environment |= environment
        self._start_head(host, "--include-dashboard", "true", "--dashboard-host", "127.0.0.1")
        return host

    def _start_head(self, host, *dashboard):
        own = ("--node-ip-address", host.address, "--port", PORT)
        host.run("ray", "start", "--head", *own, "--num-cpus", 0, *dashboard, *OBJECT_STORE)

    def add_node(self, name, head, *, cores=1):
        """A host that joins a cluster, with nothing but Ray, NumPy and threadpoolctl: no database, no shared disk."""
        host = self._settled(self.hosts.add(name, programs=self.node_programs))
        self.join(host, head, cores=cores)
        return host

    def add_driver(self, name, head):
        """A host with the program that joins a cluster without training anything itself."""
        host = self._settled(self.hosts.add(name, programs=Path(sys.prefix), has_repository=True))
        self.join(host, head, cores=0)
        return host

    def join(self, host, head, *, cores):
        host.run("ray", "start", "--address", f"{head.address}:{PORT}", "--num-cpus", cores, *OBJECT_STORE)

    def _settled(self, host):
        """A host that has the token of the cluster where Ray looks for it."""
        (host.home / ".ray").mkdir()
        (host.home / ".ray" / "auth_token").write_text(self.token)
        host.environment |= SETTINGS
        return host
