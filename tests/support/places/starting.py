"""Starting a command in an environment, and its outcome."""

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.places.environments.environment import Environment
from support.places.stage import COMMAND, LISTING, Stage

PATIENCE_SECONDS = 120.0
SCRIPT = """
cd "$WORK"
{before}
({listing}) >"$STAGE/before" 2>/dev/null
exec {under} "$@" {redirect}
"""
# Output that no user should see: crash reports and logs of native code, and internal messages of Python.
NOISE = re.compile(
    r"Traceback|\*\*\* SIG|StackTrace|@ +0x[0-9a-f]|^\[?\d{4}-\d\d-\d\d [\d:,]+|^[EFWI]\d{4} |core_worker|\(raylet|"
    r"Fatal Python|Exception ignored|Segmentation|Aborted|resource_tracker|leaked|OpenBLAS|Warning:",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a command: its exit code, its output, and the paths that existed before it started."""

    code: int
    out: str
    err: str
    before: frozenset[str]

    @property
    def told(self) -> str:
        return f"exit code {self.code}\n--- out\n{self.out}\n--- err\n{self.err}"

    @property
    def noise(self) -> list[str]:
        return NOISE.findall(self.out + "\n" + self.err)

    @property
    def complaint(self) -> list[str]:
        """The lines on standard error."""
        return [line for line in self.err.splitlines() if line.strip()]


class Started:
    """A running command."""

    def __init__(self, stage: Stage, environment: Environment, arguments: tuple[str, ...], program: object = COMMAND):
        self.stage, self.environment = stage, environment
        script = SCRIPT.format(
            before=environment.before, listing=LISTING, under=environment.under, redirect=environment.redirect
        )
        line = stage.inside("sh", "-c", script, "sh", program, *arguments)
        self.process = self._on_terminal(line) if environment.columns else self._with_files(line)

    def _with_files(self, line: list[str]) -> subprocess.Popen[bytes]:
        with self._path("out").open("wb") as out, self._path("err").open("wb") as err:
            return subprocess.Popen(
                line,
                env=self.stage.variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )

    def _on_terminal(self, line: list[str]) -> subprocess.Popen[bytes]:
        """All streams are a terminal, whose output is written to `out`."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.environment.columns, 0, 0))
        variables = {"TERM": "xterm-256color", **self.stage.variables}
        process = subprocess.Popen(
            ["setsid", "--ctty", *line], env=variables, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.is_hung_up = threading.Event()
        self.reader = threading.Thread(target=keep, args=(ours, self._path("out"), self.is_hung_up))
        self.reader.start()
        self._path("err").touch()
        return process

    def hang_up(self) -> None:
        """Close the command's terminal."""
        self.is_hung_up.set()
        self.reader.join()

    def _path(self, name: str) -> Path:
        return self.stage.root / name

    def wait(self) -> Outcome:
        """Wait until the command ends; fails after a timeout."""
        try:
            code = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"still there after {PATIENCE_SECONDS} s: {self._read('err')}") from None
        if self.environment.columns:
            self.reader.join()
        before = self._path("before").read_bytes().split(b"\0")
        return Outcome(
            code, self._read("out"), self._read("err"), frozenset(os.fsdecode(path) for path in before if path)
        )

    def _read(self, name: str) -> str:
        return self._path(name).read_bytes().decode(errors="replace").replace("\r\n", "\n")


def keep(terminal: int, path: Path, is_hung_up: threading.Event) -> None:
    """Copy the output of a terminal to a file until either side closes it."""
    with path.open("wb") as file, suppress(OSError):
        while not is_hung_up.is_set():
            if select.select([terminal], [], [], 0.1)[0]:
                file.write(os.read(terminal, 65536))
    os.close(terminal)


def run(stage: Stage, environment: Environment, arguments: tuple[str, ...], program: object = COMMAND) -> Outcome:
    """Run a program, by default `fitgap`, in an environment until it ends."""
    return Started(stage, environment, arguments, program).wait()


def run_line(stage: Stage, environment: Environment, line: str) -> Outcome:
    """Run a command line as a person who copies it would."""
    program, *arguments = shlex.split(line)
    assert program == "fitgap", line
    return run(stage, environment, tuple(arguments))
