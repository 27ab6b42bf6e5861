"""Checks of the surroundings: environment variables, shadowed modules, text encoding, clock, /proc, loopback."""

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.machinery import PathFinder
from pathlib import Path

from fitgap.runner.doctor.finding import Finding, ok, problem, warning
from fitgap.runner.package import import_folder
from fitgap.runner.system.passwords import without_passwords

# Modules that fitgap imports and that a user's file of the same name could shadow.
DEPENDENCIES = (
    *(
        "alembic",
        "fitgap",
        "google",
        "grpc",
        "jsonschema",
        "msgpack",
        "numpy",
        "packaging",
        "polars",
        "psycopg",
        "ray",
        "requests",
    ),
    *("rich", "ruamel", "setproctitle", "sqlalchemy", "threadpoolctl", "typer", "typing_extensions", "yaml"),
)
INJECTED = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")
# Seconds since 1970, before the first release of fitgap.
EARLIEST = 1_767_225_600.0
CLOCK_TOLERANCE_SECONDS = 60.0
LOOPBACK = "127.0.0.1"
LOOPBACK_SECONDS = 5.0


def check_variables(database: str | None) -> Iterator[Finding]:
    """Check for environment variables that change how Python, NumPy or Ray work."""
    found = list(variable_findings(os.environ))
    yield from found or [ok("environment", "no variable changes how Python, NumPy or Ray work")]


def variable_findings(variables: Mapping[str, str]) -> Iterator[Finding]:
    # Imported here, since the import fails if a module is shadowed, which the check of modules reports.
    from fitgap.runner.engine.cluster.ray_environment import COMMON, KEEP_TO_LOOPBACK, OF_ANOTHER_RAY

    name = "environment"
    # Our own Ray overrides or removes these variables.
    overridden = {*OF_ANOTHER_RAY, *COMMON, *KEEP_TO_LOOPBACK, "RAY_AUTH_MODE"}
    of_ray = sorted(each for each in variables if each.startswith("RAY_") and each not in overridden)
    if of_ray:
        yield warning(
            name, f"{', '.join(of_ray)} change how Ray works", f"`unset {' '.join(of_ray)}` if Ray does not start"
        )
    if variables.get("PYTHONHOME"):
        yield warning(
            name,
            f"PYTHONHOME is {variables['PYTHONHOME']}, which can mix two Python installations",
            "`unset PYTHONHOME`",
        )
    for each in INJECTED:
        if variables.get(each):
            found = f"{each} loads {variables[each]} into every process, which can crash those of Ray"
            yield warning(name, found, f"`unset {each}` if Ray does not start")


def check_modules(database: str | None) -> Iterator[Finding]:
    """Check whether the user's modules shadow those that fitgap imports."""
    found = list(shadow_findings(os.environ.get("PYTHONPATH", "")))
    yield from found or [ok("modules", "none is shadowed by another one of the same name")]


def shadow_findings(python_path: str) -> Iterator[Finding]:
    """A finding for every folder on PYTHONPATH that shadows a module; an empty entry is the current folder."""
    entries = dict.fromkeys(python_path.split(os.pathsep)) if python_path else ()
    for entry in entries:
        hidden = shadowing_modules(entry or os.curdir)
        if hidden:
            where = f"{entry} (in PYTHONPATH)" if entry else "the current folder (an empty entry of PYTHONPATH)"
            found = f"{where} has {', '.join(hidden)}, which can be imported in place of the modules that fitgap needs"
            yield problem("modules", without_passwords(found), "remove it from PYTHONPATH, or rename them")


def shadowing_modules(folder: str) -> list[str]:
    """The modules in a folder that shadow one that fitgap may import."""
    names = module_names_in(folder) & {*DEPENDENCIES, *sys.stdlib_module_names}
    return sorted(name for name in names if is_shadowing(name, folder))


def module_names_in(folder: str) -> set[str]:
    try:
        return {each.name.partition(".")[0] for each in os.scandir(folder)}
    except OSError:
        return set()


def is_shadowing(name: str, folder: str) -> bool:
    """Whether a folder has a module of this name other than the one that fitgap would import without PYTHONPATH."""
    found = PathFinder.find_spec(name, [folder])
    # Without an origin it is a folder without `__init__.py`, which shadows nothing.
    if found is None or found.origin is None:
        return False
    right = PathFinder.find_spec(name, proper_module_path())
    return right is None or right.origin is None or Path(found.origin).resolve() != Path(right.origin).resolve()


def proper_module_path() -> list[str]:
    """The module path without PYTHONPATH: this program, the standard library, installed distributions."""
    program = import_folder()
    others = {os.path.abspath(each) for each in os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    return [
        *([program] if program else ()),
        *(each for each in sys.path if os.path.abspath(each or os.curdir) not in others),
    ]


def check_encoding(database: str | None) -> Iterator[Finding]:
    """Check whether file names can contain all characters."""
    yield encoding_finding(sys.getfilesystemencoding())


def encoding_finding(encoding: str) -> Finding:
    if encoding.lower().replace("-", "") == "utf8":
        return ok("text encoding", "UTF-8")
    found = f"file names are encoded as {encoding}, which lacks most characters"
    return warning("text encoding", found, "set PYTHONUTF8=1, or a locale such as LC_ALL=C.UTF-8")


def check_clock(database: str | None) -> Iterator[Finding]:
    """Check whether the clock is plausible: drivers use it to detect dead drivers."""
    from fitgap.runner.doctor.database import last_written

    yield clock_finding(time.time(), last_written(database))


def clock_finding(now: float, last: float | None) -> Finding:
    if now < EARLIEST:
        found = f"it is set to {time.strftime('%Y-%m-%d', time.gmtime(now))}, before fitgap was released"
        return warning("clock", found, "set the clock, or times in the database will be wrong")
    if last is not None and last > now + CLOCK_TOLERANCE_SECONDS:
        found = f"the database was last written {(last - now) / 60:,.0f} minutes in the future"
        return warning(
            "clock", found, "check the clock: a driver whose clock differs may take over trials that are still running"
        )
    return ok("clock", "plausible")


def check_proc(database: str | None, proc: Path = Path("/proc")) -> Iterator[Finding]:
    """Check /proc on Linux, which is used to identify processes."""
    if sys.platform != "linux":
        return
    try:
        mine = os.readlink(proc / "self")
        seen = mine == str(os.getpid()) and (proc / mine / "stat").read_text() != ""
        found = "shows this process" if seen else "belongs to another container, so it shows other processes"
    except OSError as error:
        seen, found = False, f"cannot be read: {error.strerror}"
    advice = "mount it (`mount -t proc proc /proc`), or train with --engine local"
    yield ok("/proc", found) if seen else problem("/proc", f"{found}; Ray needs it", advice)


def check_loopback(database: str | None) -> Iterator[Finding]:
    """Check whether processes on this machine can connect to each other, as Ray's must."""
    reason = why_no_loopback()
    if reason is None:
        yield ok("loopback", f"{LOOPBACK} answers")
        return
    advice = "enable it (`ip link set lo up`), allow connections within this machine, or train with --engine local"
    yield problem("loopback", f"{LOOPBACK} cannot be used: {reason}", advice)


def why_no_loopback() -> str | None:
    """Why the loopback interface does not work; None if it does."""
    try:
        with socket.create_server((LOOPBACK, 0)) as server:
            server.settimeout(LOOPBACK_SECONDS)
            with socket.create_connection(server.getsockname(), LOOPBACK_SECONDS) as sender:
                receiver, _ = server.accept()
                with receiver:
                    receiver.settimeout(LOOPBACK_SECONDS)
                    sender.sendall(b"x")
                    return None if receiver.recv(1) == b"x" else "data sent to it does not arrive"
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
