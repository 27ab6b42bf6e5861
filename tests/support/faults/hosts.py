"""Separate hosts on one machine: each has its own processes, address, name, home and folders for temporary files.

A host is a set of Linux namespaces that lasts as long as the first process in it, which waits for its standard input
to end; that happens however whoever made the host has ended, and the kernel then ends everything in it. A bridge, in
namespaces of its own, connects the hosts; nothing leads from there to any other network. All this takes no more rights
than those to make a namespace of users.
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
# The first process has no use for children that have ended, and the kernel forgets those at once.
WAIT = "echo ready; exec env --ignore-signal=CHLD cat"
# A host sees the programs of this machine, of the folders that may hold more only what it is given, and memory to
# share and temporary files of its own.
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
    """Whether this machine lets its users have networks of their own with bridges in them."""
    if not all(map(shutil.which, ("unshare", "nsenter", "hostname", "ip"))):
        return False
    line = [*OWN_USERS, *OWN, "ip", "link", "add", "bridge", "type", "bridge"]
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


class Hosts:
    """Hosts on one network, which end with the block."""

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
        """A new host on the network, with the Python environment whose programs it runs."""
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
    """One of the hosts: its name, the folder that holds its /tmp, its address and the first of its processes."""

    def __init__(self, name, folder, address, first, programs):
        self.name, self.folder, self.address, self.first = name, folder, address, first
        self.environment = {"PATH": f"{programs}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "LANG": "C.UTF-8"}

    @property
    def home(self):
        """The folder in which its commands run, as seen from outside."""
        return self.folder / HOME.lstrip("/")

    def line(self, *words):
        """A command line that runs another one on this host, in its home and with its environment alone."""
        namespaces = ("--net", "--mount", "--pid", "--uts", "--ipc")
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        enter = (*ENTER, "--target", self.first, *namespaces, "env", "-i", "-C", HOME, *settings)
        return [*map(str, (*enter, *words))]

    def lose(self):
        """Let it go as if its power had failed: no process of it can say anything any more."""
        os.kill(self.first, signal.SIGKILL)

    def run(self, *words):
        """Run a command to its end; what it printed. Fails with that where the command does."""
        return done(self.line(*words))

    def start(self, *words, output):
        """Start a command whose output goes into a file in its home."""
        with (self.home / output).open("a") as file:
            return subprocess.Popen(
                self.line(*words), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )


@contextlib.contextmanager
def first_process(*words):
    """The process of new namespaces that keeps them until the block ends, by its number on this machine."""
    # A session of its own: Ctrl-C in a terminal reaches the tests alone, and nothing on a host.
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
