"""Answers of commands, and terminals to read them from."""

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "fitgap"


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out, parse_constant=refuse_constant)


def refuse_constant(text):
    raise ValueError(f"{text} is no JSON")


def run_command(*arguments, **options):
    """The installed command in a process of its own."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        **options,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


class Terminal(io.StringIO):
    """What takes itself for a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


def read_all(terminal):
    """All bytes until the last process closes its end; Linux tells that by an error."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)
