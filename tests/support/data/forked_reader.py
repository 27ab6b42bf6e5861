"""Reads columnar files in processes forked from one that has loaded everything; a new Python takes half a second."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fitgap.runner.data.formats import columnar_files

from support.cli.forked import reopen_streams
from support.faults.children import outcome


class ForkedReader:
    """Replaces the module `subprocess` where the program starts the reader; the results are the same."""

    CompletedProcess = subprocess.CompletedProcess

    @staticmethod
    def run(
        command: Sequence[str], *, input: bytes, env: Mapping[str, str], capture_output: bool, check: bool
    ) -> "subprocess.CompletedProcess[bytes]":
        """What the reader writes, and its exit code."""
        *_, program, source, name = command
        assert program == columnar_files.PROGRAM and capture_output and not check
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder, stream) for stream in ("in", "out", "err")]
            streams[0].write_bytes(input)
            code = outcome(read, [str(path) for path in streams], dict(env), source, name)
            return subprocess.CompletedProcess(command, code, *(path.read_bytes() for path in streams[1:]))


def read(streams: Sequence[str], environment: Mapping[str, str], source: str, name: str) -> None:
    """Run the reader's program with these files as its streams."""
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    reopen_streams()
    columnar_files.main(source, name)
