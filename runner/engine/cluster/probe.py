"""The probe of a cluster before anything is written: whether it exists, accepts us, and has the same versions.

The probe runs in a child process because, given a wrong address, Ray retries for minutes, writes to standard error and
may end the process.
"""

import json
import platform
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

from fitgap.runner.engine.cluster.description import Cluster, ClusterSettings, NodeFacts, Versions
from fitgap.runner.engine.cluster.ray_environment import cluster_environment
from fitgap.runner.errors import ClusterError
from fitgap.runner.system.machine_record import installed_version

AUTO = "auto"
CLIENT = "ray://"
# Time limits to reach the address, to join the cluster, and to get answers from its nodes.
SECONDS_TO_REACH = 4.0
SECONDS_TO_JOIN = 15.0
SECONDS_TO_HEAR = 40.0
HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):(?P<port>[0-9]{1,5})")
# The child prints JOINED when it has joined, and ANSWER before its answer; Ray may print anything else.
JOINED = "fitgap-joined"
ANSWER = "fitgap-cluster "
LONGEST_REASON = 300
# Ray would keep retrying, although these errors are permanent.
HOPELESS = re.compile(r"Unauthenticated|InvalidAuthToken|AuthenticationError")
# Patterns in Ray's messages, and what they mean for the user.
EXPLANATIONS = {
    r"Unauthenticated|InvalidAuthToken|AuthenticationError|[Aa]uth\w* token": (
        "the cluster rejects the token; set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH to "
        "that of its head node"
    ),
    r"Could not find any running Ray": (
        "Ray is not running on this machine; run `ray start --address=HOST:PORT` first, or give HOST:PORT"
    ),
    r"node_ip_address|[Nn]o node|one of the Raylet|raylet": (
        "this machine is not a node of that cluster; run `ray start --address=HOST:PORT` on it, or send the command "
        "into the cluster with `ray job submit`"
    ),
    r"TimedOut|[Tt]imed out|Failed to connect|^\s*$": (
        "no Ray cluster answers there; `ray status` on its head node shows the address"
    ),
}


def find_cluster(settings: ClusterSettings) -> Cluster:
    """Probe a cluster for a bounded time. Raises ClusterError if it cannot be used."""
    require_address(settings.address)
    answer = answer_of_cluster(settings.address)
    nodes = tuple(NodeFacts(**node) for node in answer["nodes"])
    cluster = Cluster(settings, answer["address"], nodes)
    require_workers(cluster)
    require_versions(cluster)
    return cluster


def require_address(address: str) -> None:
    """Raise ClusterError if this is not an address, or if nothing answers there."""
    if address == AUTO:
        return
    if address.startswith(CLIENT):
        raise ClusterError(
            f"--address {address}: Ray Client is not supported; give HOST:PORT of the cluster on one of its machines, "
            "or send the command there with `ray job submit -- fitgap run … --address auto`"
        )
    match = HOST_AND_PORT.fullmatch(address)
    if not match:
        raise ClusterError(f"--address {address!r}: expected HOST:PORT, such as 10.0.0.1:6379, or auto")
    try:
        socket.create_connection((match["host"].strip("[]"), int(match["port"])), SECONDS_TO_REACH).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "no answer"
        raise ClusterError(
            f"--address {address}: nothing answers there ({reason}); `ray status` on the head node shows the address"
        ) from None


def answer_of_cluster(address: str) -> Mapping[str, Any]:
    """The answer of a child process that probes the cluster. Raises ClusterError if it reports a problem."""
    # Without -P a file in the current folder could be imported in place of one of our modules.
    command = [sys.executable, "-P", "-m", "fitgap.runner.engine.ray.probe_child", address]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=cluster_environment(address),
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        alarms = [threading.Timer(seconds, child.kill) for seconds in (SECONDS_TO_JOIN, SECONDS_TO_HEAR)]
        for alarm in alarms:
            alarm.start()
        try:
            answer = answer_in(child.stdout, joined=alarms[0].cancel)
        finally:
            for alarm in alarms:
                alarm.cancel()
            child.kill()
    if "problem" in answer:
        raise ClusterError(f"--address {address}: {explanation(answer['problem'])}")
    return answer


def answer_in(lines: IO[str], joined: Callable[[], None]) -> dict[str, Any]:
    """The answer among the lines that Ray prints; without an answer, these lines as the problem."""
    seen = []
    for line in lines:
        if line.startswith(JOINED):
            joined()
        if line.startswith(ANSWER):
            answer: dict[str, Any] = json.loads(line.removeprefix(ANSWER))
            return answer
        seen.append(line)
        if HOPELESS.search(line):
            break
    return {"problem": "".join(seen)}


def explanation(text: str) -> str:
    """Ray's message turned into a line that says what to do."""
    if mismatch := re.search(r"Version mismatch.*", text, re.DOTALL):
        return " ".join(mismatch[0].split())[:LONGEST_REASON]
    for words, meaning in EXPLANATIONS.items():
        if re.search(words, text):
            return meaning
    lines = text.strip().splitlines()
    return lines[-1][:LONGEST_REASON] if lines else "no answer"


def require_workers(cluster: Cluster) -> None:
    """Raise ClusterError if no node has enough cores for a pack."""
    if not cluster.workers:
        cores = max((node.cores for node in cluster.nodes), default=0)
        raise ClusterError(
            f"--address {cluster.settings.address}: a pack takes {cluster.settings.cores_per_pack} cores, but the "
            f"largest node that answered has {cores}; add nodes with `ray start --address={cluster.address}`, or lower "
            "--cpus-per-pack"
        )


def versions_here() -> Versions:
    """The versions in this process."""
    return Versions(platform.python_version(), str(installed_version("numpy")))


def require_versions(cluster: Cluster) -> None:
    """Raise ClusterError if a node has other versions, unless they may be mixed."""
    here = versions_here()
    misfits = [misfit for node in cluster.nodes if (misfit := node.misfit(here))]
    if misfits and not cluster.settings.are_versions_mixed:
        more = f" (and {len(misfits) - 1} more)" if len(misfits) > 1 else ""
        raise ClusterError(
            f"--address {cluster.settings.address}: {misfits[0]}{more}; install the same versions there, or allow the "
            "difference with --mixed-versions"
        )
