"""What a command leaves behind: processes, files, folders and links."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from support.places.stage import Stage

# Servers need a moment to end; anything left after this time is a leftover.
GRACE_SECONDS = 20.0
DATABASES = ("fitgap.db", "real.db")
OURS = ("out", "err", "before")


def processes_of(mark: str) -> dict[int, str]:
    """The processes with a mark in their environment or initial environment, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if mark.encode() in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(entry.name)] = title.strip()[:200]
    return found


def new_paths(stage: Stage, before: Iterable[str], expected: tuple[str, ...], theirs: frozenset[str]) -> set[str]:
    """New paths in the folders of a stage that the command was not asked to create."""
    return {
        path
        for path in stage.contents() - set(before)
        if os.path.basename(path) not in (*expected, *OURS)
        and not os.path.basename(path).startswith(DATABASES)
        and theirs.isdisjoint(Path(path).parts)
    }


def left_behind(
    stage: Stage, before: Iterable[str], expected: tuple[str, ...] = (), theirs: frozenset[str] = frozenset()
) -> list[str]:
    """A description of everything that is left some time after a command has ended; kills leftover processes.

    Files named in `expected`, and everything below folders named in `theirs`, are allowed.
    """
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        processes, paths = processes_of(stage.mark), new_paths(stage, before, expected, theirs)
        if not (processes or paths) or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return [f"process {number}: {title}" for number, title in processes.items()] + sorted(paths)
