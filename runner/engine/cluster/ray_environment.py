"""The environment variables of a process that runs Ray, which reads them once, when it is imported or started."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from fitgap.core.kernels.selection import VARIABLE as KERNELS_VARIABLE
from fitgap.runner.system.blas import THREAD_VARIABLES

LOOPBACK = ("127.", "localhost:", "[::1]:")
TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
# Variables that refer to other Ray instances, such as another cluster's address, token or temporary folder.
OF_ANOTHER_RAY = (
    *("RAY_ADDRESS", "RAY_NAMESPACE", "RAY_TMPDIR", "RAY_JOB_ID", "RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_RAYLET_PID"),
    *("RAY_RUNTIME_ENV_HOOK", "RAY_ENABLE_AUTO_CONNECT", *TOKEN_VARIABLES),
)
# Ray does not start without docstrings and assertions.
OF_PYTHON = ("PYTHONOPTIMIZE",)
COMMON = {
    # Without this, Ray's processes overwrite their environment, by which the watchdog recognizes them, with titles.
    "SPT_NOENV": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    **dict.fromkeys(THREAD_VARIABLES, "1"),
}
# Without this, Ray 2.60 replaces a given loopback address and listens on every interface.
KEEP_TO_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
# By default, Ray runs its workers at niceness 15, so that they get hardly any CPU time next to other work. With this,
# they have the priority of the command, as local processes do.
AT_THE_SAME_PRIORITY = {"RAY_worker_niceness": "0"}
# Connections within this machine must not go through a proxy.
WITHOUT_PROXY = ("127.0.0.1", "localhost")


def own_environment(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for our own Ray on this machine, with a fresh secret token. It keeps an inherited niceness."""
    kept = {name: value for name, value in inherited.items() if name not in (*OF_ANOTHER_RAY, *OF_PYTHON)}
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    return {**AT_THE_SAME_PRIORITY, **kept, **without_proxy(inherited), **COMMON, **KEEP_TO_LOOPBACK, **token}


def cluster_environment(address: str, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for joining a cluster. It always sets the authentication mode: the inherited one, else `token` if
    there is a token, as `ray start` does in the same environment.
    """
    has_token = any(inherited.get(name) for name in TOKEN_VARIABLES) or token_file().exists()
    mode = inherited.get("RAY_AUTH_MODE") or ("token" if has_token else "disabled")
    loopback = {**KEEP_TO_LOOPBACK, **without_proxy(inherited)} if address.startswith(LOOPBACK) else {}
    return {**inherited, **COMMON, **loopback, "RAY_AUTH_MODE": mode}


def worker_environment(inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of the workers on the nodes of a cluster: one thread each, and this process's choice of kernels."""
    chosen = {KERNELS_VARIABLE: inherited[KERNELS_VARIABLE]} if KERNELS_VARIABLE in inherited else {}
    return {**dict.fromkeys(THREAD_VARIABLES, "1"), **chosen}


def without_proxy(inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables that list hosts to be reached without a proxy, extended by this machine."""
    named = [inherited.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    hosts = ",".join(dict.fromkeys(filter(None, [*named[0].split(","), *named[1].split(","), *WITHOUT_PROXY])))
    return {"no_proxy": hosts, "NO_PROXY": hosts}


def token_file() -> Path:
    """The default path of Ray's token."""
    return Path(os.path.expanduser("~")) / ".ray" / "auth_token"
