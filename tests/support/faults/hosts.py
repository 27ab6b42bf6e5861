"""Separate hosts on one machine: each has its own processes, address, name, home and folders for temporary files.

A host is a set of Linux namespaces that lives as long as its first process, which waits for the end of its standard
input. That end comes however the process that made the host ends, and the kernel then kills everything in the host. A
bridge, in namespaces of its own, connects the hosts; it leads to no other network. The only privilege this needs is to
create a user namespace.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from support.faults.commands import descendants

REPOSITORY = Path(__file__).parents[3]
HOME = "/tmp/home"
OWN_USERS = ("unshare", "--user", "--map-root-user")
OWN = ("--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc")
NETWORK = "10.77.0.0/24"
ENTER = ("nsenter", "--user", "--preserve-credentials")
# The first process never waits for children, so it ignores SIGCHLD: the kernel then removes ended children at once.
WAIT = "echo ready; exec env --ignore-signal=CHLD cat"
# A host sees the programs of this machine. Of the folders that may contain more, it sees only those it is given. It has
# its own shared memory and temporary files.
SETTLE = f"""
set -e
name=$1 folder=$2 hidden=$3; shift 3
place() {{ case "$1" in /tmp/*) echo "$folder$1" ;; *) echo "$1" ;; esac }}
hostname "$name"
ip link set lo up
mount -t tmpfs -o size=512m tmpfs /dev/shm
mkdir -p "$folder{HOME}"
number=0
for path; do number=$((number + 1)); mkdir "$folder/$number"; mount --bind "$path" "$folder/$number"; done
mount -t tmpfs tmpfs "$hidden"
number=0
for path; do
    number=$((number + 1)); mkdir -p "$(place "$path")"; mount --bind "$folder/$number" "$(place "$path")"
done
mount --rbind "$folder/tmp" /tmp
{WAIT}
"""


def can_make_hosts():
    """Whether this machine lets its users create networks of their own with bridges in them."""
    if not all(map(shutil.which, ("unshare", "nsenter", "hostname", "ip"))):
        return False
    line = [*OWN_USERS, *OWN, "ip", "link", "add", "bridge", "type", "bridge"]
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


class Hosts:
    """Hosts on one network; all of them end with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.bridge = stack.enter_context(first_process(*OWN_USERS, *OWN, "sh", "-c", WAIT))
            self._on_bridge("link", "add", "bridge", "type", "bridge")
            self._on_bridge("link", "set", "bridge", "up")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def add(self, name, *, programs, has_repository=False):
        """Add a host to the network. `programs` is the Python environment that it uses."""
        self.count += 1
        folder = self.folder / name
        (folder / "hidden").mkdir(parents=True)
        hidden = folder / "hidden" if has_repository else REPOSITORY
        shown = [*([REPOSITORY] if has_repository else []), Path(sys.prefix), programs]
        settle = ("sh", "-c", SETTLE, "sh", name, folder, hidden, *shown)
        first = self._stack.enter_context(first_process(*ENTER, "--target", self.bridge, "unshare", *OWN, *settle))
        host = Host(name, folder, f"10.77.0.{self.count}", first, programs)
        self._on_bridge("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", first)
        self._on_bridge("link", "set", name, "master", "bridge", "up")
        host.run("ip", "address", "add", f"{host.address}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        return host

    def cut(self, host):
        """Pull the network cable out of a host."""
        self._on_bridge("link", "set", host.name, "down")

    def mend(self, host):
        """Put the network cable back in."""
        self._on_bridge("link", "set", host.name, "up")

    def _on_bridge(self, *words):
        done(ENTER, "--target", self.bridge, "--net", "ip", *words)


class Host:
    """A host: its name, the folder that holds its /tmp, its address and the ID of its first process."""

    def __init__(self, name, folder, address, first, programs):
        self.name, self.folder, self.address, self.first = name, folder, address, first
        self.environment = {"PATH": f"{programs}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "LANG": "C.UTF-8"}

    @property
    def home(self):
        """The folder in which its commands run, as seen from this machine."""
        return self.folder / HOME.lstrip("/")

    def line(self, *words):
        """The command line that runs a command on this host, in its home and with only its own environment."""
        namespaces = ("--net", "--mount", "--pid", "--uts", "--ipc")
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        enter = (*ENTER, "--target", self.first, *namespaces, "env", "-i", "-C", HOME, *settings)
        return [*map(str, (*enter, *words))]

    def lose(self):
        """Kill the host as if its power had failed: none of its processes can send anything any more."""
        os.kill(self.first, signal.SIGKILL)

    def run(self, *words):
        """Run a command and wait for it; returns its output. Raises RuntimeError with that output if the command
        fails.
        """
        return done(self.line(*words))

    def start(self, *words, output):
        """Start a command; its output goes into a file in the home of the host."""
        with (self.home / output).open("a") as file:
            return subprocess.Popen(
                self.line(*words), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )


@contextlib.contextmanager
def first_process(*words):
    """The ID, on this machine, of the process that keeps new namespaces alive until the block ends."""
    # In its own session, so that Ctrl-C in a terminal reaches only the tests and nothing on a host.
    keeper = subprocess.Popen(
        [*map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with keeper:
        told = keeper.stdout.readline()
        if told != "ready\n":
            raise RuntimeError(f"{words[-1]}: {told}{keeper.stdout.read()}")
        ((number, _),) = descendants(keeper.pid)
        yield number
        keeper.stdin.close()
        keeper.wait()


def done(line, *words):
    ended = subprocess.run(
        [*map(str, (*line, *words))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,
    )
    if ended.returncode:
        raise RuntimeError(f"{words or line[-6:]} ended with {ended.returncode}: {ended.stdout}")
    return ended.stdout
