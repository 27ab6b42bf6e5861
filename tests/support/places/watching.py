"""Runs in a user's process: records everything there that a library might change, and trains sweeps."""

import contextlib
import gc
import io
import json
import locale
import logging
import os
import random
import resource
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

# One second of work: worth starting processes for, but not Ray.
SWEEP = {
    "data": "digits",
    "repeats": 16,
    "training": {"epochs": 10},
    "axes": {"architecture": ["128"], "optimizer": ["adam"]},
}
CHANGES: dict[str, Any] = {}
ENGINE = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PLACES_ENGINE", "local")


def settings_of_process() -> dict[str, Any]:
    """The process settings that the operating system keeps."""
    mask = os.umask(0o22)
    os.umask(mask)
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT")}
    return {
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "umask": mask,
        "limits": limits,
        "niceness": os.nice(0),
        "cores": sorted(os.sched_getaffinity(0)),
        "files": open_files(),
        "children": children(),
        "handlers": {number.name: repr(signal.getsignal(number)) for number in signal.Signals},
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "wakeup": Path("/proc/self/status").read_text().split("SigBlk:")[1].split()[0],
    }


def open_files() -> dict[str, str]:
    """The open file descriptors and their targets, except the one used for listing them."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[name] = os.readlink(f"/proc/self/fd/{name}")
    return {name: target for name, target in found.items() if not target.endswith("/fd")}


def children() -> list[str]:
    """The child processes of this one."""
    return sorted(Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split())


def settings_of_python() -> dict[str, Any]:
    """The settings of Python and its libraries."""
    root = logging.getLogger()
    known = {name: (one.level, one.disabled, one.propagate) for name, one in loggers().items()}
    return {
        "root logger": (
            root.level,
            [repr(each) for each in root.handlers],
            root.disabled,
            logging.root.manager.disable,
        ),
        "loggers": known,
        "warnings": (repr(warnings.filters), repr(warnings.showwarning)),
        "random": hash(random.getstate()),
        "numpy": [str(each) for each in np.random.get_state()],
        "numpy errors": np.geterr(),
        "numpy printing": repr(np.get_printoptions()),
        "threads": sorted(each.name for each in threading.enumerate()),
        "paths": list(sys.path),
        "arguments": list(sys.argv),
        "hooks": [repr(each) for each in (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook)],
        "streams": [id(each) for each in (sys.stdin, sys.stdout, sys.stderr)],
        "locale": locale.setlocale(locale.LC_ALL),
        "garbage": (gc.isenabled(), gc.get_threshold()),
        "timeout": socket.getdefaulttimeout(),
        "recursion": sys.getrecursionlimit(),
        "main module": id(sys.modules["__main__"]),
        "tracing": (repr(sys.gettrace()), repr(sys.getprofile())),
    }


def loggers() -> dict[str, logging.Logger]:
    named = logging.root.manager.loggerDict.items()
    return {name: one for name, one in named if isinstance(one, logging.Logger)}


def state() -> dict[str, Any]:
    return {**settings_of_process(), **settings_of_python()}


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Record in `CHANGES` everything that has changed by the end of the block."""
    before = state()
    yield
    after = state()
    # A library that is loaded for the first time may add its own loggers.
    after["loggers"] = {name: after["loggers"].get(name) for name in before["loggers"]}
    CHANGES.update({name: change(before[name], after[name]) for name in before if before[name] != after[name]})


def change(before: Any, after: Any) -> Any:
    """A value before and after; of a mapping, only the entries that differ."""
    if not isinstance(before, dict):
        return [before, after]
    keys = sorted(before.keys() | after.keys())
    return {key: [before.get(key), after.get(key)] for key in keys if before.get(key) != after.get(key)}


class Looker(threading.Thread):
    """A user's thread that continually checks the current folder and the environment."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[tuple[str, str]] = set()
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.001):
            self.seen.add((os.getcwd(), json.dumps(dict(os.environ), sort_keys=True)))

    def stop(self) -> None:
        self.is_over.set()
        self.join()
        if len(self.seen) != 1:
            CHANGES["meanwhile"] = sorted(map(str, self.seen))


class Outlet(io.TextIOBase):
    """Standard output as in a notebook: it accepts text and has no file descriptor."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


def train(name: str, engine: str = ENGINE, **options: Any) -> Any:
    """Train the sweep under this name as a user would; returns the result of `run_sweep`."""
    from fitgap import run_sweep

    return run_sweep({**SWEEP, "name": name}, engine=engine, workers=2, notify=lambda line: None, **options)


def train_quietly(name: str) -> None:
    """The same without a result, for processes that cannot pass it on."""
    train(name)


def report() -> None:
    """Report the changes to the test that started this process."""
    Path(os.environ["STAGE"], "changes").write_text(json.dumps(CHANGES, default=str))


if __name__ == "__main__":
    # Standard input contains the user's program.
    exec(compile(sys.stdin.read(), "<cell>", "exec"), {"__name__": "__main__"})
