"""A PostgreSQL server to measure with, the one that the tests start."""

import contextlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import ROOT

FILE = ROOT / "tests" / "support" / "databases" / "temporary_postgres.py"
# Positions in /proc/PID/stat behind the name: the parent, and the ticks of a process and of children that have ended.
PARENT, TICKS = 1, slice(11, 15)


class RunningServer:
    """A server that runs; `server` is what the tests know it as."""

    def __init__(self, server: Any):
        self.server = server

    def address(self) -> str:
        return str(self.server.address())

    def processor_seconds(self) -> float:
        """The processor time that all processes of the server have taken so far."""
        stats = {int(path.name): fields_of(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
        mine, ticks = {os.getpid()}, 0
        # The keeper and the server are children of this process; numbers may wrap, so until nothing is found any more.
        while more := {number for number, fields in stats.items() if fields and int(fields[PARENT]) in mine} - mine:
            mine |= more
            ticks += sum(int(ticks) for number in more for ticks in stats[number][TICKS])
        return ticks / os.sysconf("SC_CLK_TCK")


def fields_of(process: Path) -> list[str]:
    """What the system says of a process, behind its name; nothing where it has ended meanwhile."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@contextlib.contextmanager
def temporary_server() -> Iterator[RunningServer]:
    """A server with an empty database, for as long as it is entered."""
    specification = importlib.util.spec_from_file_location("temporary_postgres", FILE)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    server = module.TemporaryPostgres()
    try:
        yield RunningServer(server)
    finally:
        server.close()
