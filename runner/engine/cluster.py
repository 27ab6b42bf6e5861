"""A Ray cluster as `--address` names it: what is asked of it, and what was found when it was looked at.

Nothing here imports Ray: a process of its own looks, since Ray retries for minutes, writes to standard error and may
end the process where an address is wrong.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import ClusterError

AUTO = "auto"
CLIENT = "ray://"
LOOPBACK = ("127.", "localhost:", "[::1]:")
# So long to reach the address at all, and so long to get an answer from the cluster.
SECONDS_TO_REACH = 4.0
SECONDS_TO_LOOK = 20.0
HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s:/\[\]]+):(?P<port>[0-9]{1,5})")
TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
# What the process that looks prints before its answer; Ray may print anything.
ANSWER = "fitgap-cluster "
LONGEST_REASON = 300


@dataclass(frozen=True)
class ClusterSettings:
    """What is asked of a cluster: its address, the cores a pack takes, how many packs it may have at the same time."""

    address: str
    cores_per_pack: int = 1
    most_in_flight: int | None = None


@dataclass(frozen=True)
class NodeFacts:
    """What a node of a cluster told of itself: its cores, its second-level cache, what computes there."""

    node_id: str
    name: str
    cores: int
    cache_bytes: int
    python: str
    numpy: str
    blas: str


@dataclass(frozen=True)
class Cluster:
    """A cluster that was there when it was looked at. `address` is where it is in truth, HOST:PORT."""

    settings: ClusterSettings
    address: str
    nodes: tuple[NodeFacts, ...]

    @property
    def workers(self) -> int:
        """How many packs can train at the same time."""
        return sum(node.cores // self.settings.cores_per_pack for node in self.nodes)


def find_cluster(settings: ClusterSettings) -> Cluster:
    """Look at a cluster, in at most half a minute. Raises ClusterError where it cannot be used."""
    require_address(settings.address)
    set_environment(settings.address)
    told = answer_of_cluster(settings.address)
    nodes = tuple(NodeFacts(**node) for node in told["nodes"])
    return Cluster(settings, told["address"], nodes)


def require_address(address: str) -> None:
    """Refuse what is no address, and one at which nobody answers."""
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
            f"--address {address}: nobody answers there ({reason}); `ray status` on the head node tells the address"
        ) from None


def set_environment(address: str) -> None:
    """Set what Ray reads when it is imported, above all the mode of authentication, always explicitly.

    It is what was asked for, else `token` where there is one: as `ray start` does in the same environment, so that
    nodes and driver agree.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address.startswith(LOOPBACK):
        # Ray 2.60 would replace it by another address of this machine.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    has_token = any(os.environ.get(name) for name in TOKEN_VARIABLES) or token_file().exists()
    os.environ.setdefault("RAY_AUTH_MODE", "token" if has_token else "disabled")


def token_file() -> Path:
    """Where Ray keeps a token if no variable names another place."""
    return Path.home() / ".ray" / "auth_token"


def answer_of_cluster(address: str) -> Mapping[str, Any]:
    """What a process of its own finds out about a cluster."""
    # Without -P a file of the current folder could be taken for a module of ours.
    command = [sys.executable, "-P", "-m", "runner.engine.ray.looking", address]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            text, _ = child.communicate(timeout=SECONDS_TO_LOOK)
        except subprocess.TimeoutExpired:
            child.kill()
            text, _ = child.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
    for line in text.splitlines():
        if line.startswith(ANSWER):
            told: dict[str, Any] = json.loads(line.removeprefix(ANSWER))
            if "problem" in told:
                raise ClusterError(f"--address {address}: {explained(told['problem'])}")
            return told
    raise ClusterError(f"--address {address}: {explained(text)}")


# Words of Ray, and what they mean for who gave the address.
EXPLANATIONS = {
    r"Unauthenticated|InvalidAuthToken|AuthenticationError|auth.*token": (
        "the cluster does not accept the token; set RAY_AUTH_MODE and RAY_AUTH_TOKEN (or RAY_AUTH_TOKEN_PATH) as on "
        "its head node, or run `ray get-auth-token` there"
    ),
    r"Could not find any running Ray": (
        "no Ray runs on this machine; run `ray start --address=HOST:PORT` first, or give HOST:PORT"
    ),
    r"raylet|node_ip_address|No node|not part of": (
        "this machine is no node of that cluster; run `ray start --address=HOST:PORT` on it first, or send the command "
        "into the cluster with `ray job submit`"
    ),
    r"TimedOut|Timed out|Failed to connect|^\s*$": (
        "no Ray cluster answers there; `ray status` on its head node tells the address"
    ),
}


def explained(text: str) -> str:
    """What Ray said, in a line that says what to do."""
    if mismatch := re.search(r"Version mismatch.*", text, re.DOTALL):
        return " ".join(mismatch[0].split())[:LONGEST_REASON]
    for words, meaning in EXPLANATIONS.items():
        if re.search(words, text):
            return meaning
    lines = text.strip().splitlines()
    return lines[-1][:LONGEST_REASON] if lines else "no answer"
