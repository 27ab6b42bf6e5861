"""A temporary PostgreSQL server for measurements, started in the same way as for the tests."""

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

FILE = ROOT / "tests" / "support" / "databases" / "temporary_postgres.py"
# Fields of /proc/PID/stat after the name: the parent, and the CPU ticks of a process and its ended children.
PARENT, TICKS = 1, slice(11, 15)


class RunningServer:
    """A running server; `server` is the `TemporaryPostgres` of the tests."""

    def __init__(self, server: Any):
        self.server = server

    def address(self) -> str:
        return str(self.server.address())

    def processor_seconds(self) -> float:
        """The CPU time of all processes of the server so far, in seconds."""
        stats = {int(path.name): fields_of(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        mine, ticks = {os.getpid()}, 0
        # The server's processes descend from this one. Process IDs may wrap around, so a child may come before its
        # parent: repeat until no more are found.
        while more := {number for number, fields in stats.items() if fields and int(fields[PARENT]) in mine} - mine:
            mine |= more
            ticks += sum(int(ticks) for number in more for ticks in stats[number][TICKS])
        return ticks / os.sysconf("SC_CLK_TCK")


def fields_of(process: Path) -> list[str]:
    """The fields of a process's stat file after its name; empty if it has ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextlib.contextmanager
def temporary_server() -> Iterator[RunningServer]:
    """A server with an empty database, which runs until the context ends."""
    specification = importlib.util.spec_from_file_location("temporary_postgres", FILE)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    server = module.TemporaryPostgres()
    try:
        yield RunningServer(server)
    finally:
        server.close()
