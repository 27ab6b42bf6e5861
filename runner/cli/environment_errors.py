"""Failures of the environment, which users can fix: one line each, with the next step, and exit code 2."""

import errno
import os
import resource

from fitgap.runner.errors import FitgapError

# Exceptions that any statement may raise if the system refuses a resource; any other built-in exception is a bug.
ENVIRONMENT = (OSError, MemoryError, RecursionError, ImportError, UnicodeEncodeError)
NO_THREAD = "can't start new thread"
# How the dynamic loader reports that memory is exhausted.
NO_MEMORY = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory")
NEXT_STEPS = {
    errno.ENOSPC: "free space on that disk, or choose another one",
    errno.EDQUOT: "free space within the quota, or choose another disk",
    errno.EROFS: "choose a place that is not mounted read-only",
    errno.EACCES: "check the permissions, or choose another place",
    errno.EPERM: "check the permissions, or choose another place",
    errno.ENOMEM: "free memory, or use fewer --workers",
    errno.EAGAIN: "end other processes, or raise their limit (`ulimit -u`)",
    errno.EIO: "check the disk or terminal",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ELOOP: "the symbolic links form a loop; choose another path",
}
FOLDER_IS_GONE = "the current folder was deleted; change to one that exists (`cd`) and run the command again"
USUAL_STEP = "`fitgap doctor` checks what fitgap depends on"


class EnvironmentFailureError(FitgapError):
    """The system refused a resource that the program needs, such as a file, memory or a thread."""


def is_environment_failure(error: BaseException) -> bool:
    """Whether the system refused a resource, so that the program is not at fault."""
    return isinstance(error, ENVIRONMENT) or (isinstance(error, RuntimeError) and NO_THREAD in str(error))


def one_line_reason(error: BaseException) -> str:
    """What was refused and what to do next, in one line."""
    if isinstance(error, MemoryError):
        return f"there is not enough memory; {NEXT_STEPS[errno.ENOMEM]}"
    if isinstance(error, RecursionError):
        return "the input is nested too deeply; make it flatter"
    if isinstance(error, RuntimeError):
        return f"the system refuses to start more threads for this process; {NEXT_STEPS[errno.EAGAIN]}"
    if is_open_file_limit(error):
        return f"this process has reached its limit of {open_files():,} open files; raise it, as with `ulimit -n 1024`"
    if isinstance(error, OSError):
        return system_failure(error)
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object!r} cannot be encoded as {error.encoding}; use a UTF-8 locale, such as LC_ALL=C.UTF-8"
    return import_failure(error)


def import_failure(error: BaseException) -> str:
    """Why a library cannot be loaded. Some libraries bury the reason in a page of advice."""
    while isinstance(error.__cause__ or error.__context__, ImportError):
        error = error.__cause__ or error.__context__ or error
    reason = first_line(error)
    if any(sign in reason for sign in NO_MEMORY):
        return one_line_reason(MemoryError())
    return f"a library cannot be loaded: {reason}; install fitgap again in a new virtual environment"


def system_failure(error: OSError) -> str:
    """An operating system error and what to do next, in one line."""
    if folder_is_gone():
        return FOLDER_IS_GONE
    if "No usable temporary directory" in str(error):
        return f"{first_line(error)}; set TMPDIR to a writable folder"
    reason = os.strerror(error.errno) if error.errno else first_line(error)
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
    return f"{place}{reason}; {NEXT_STEPS.get(error.errno or 0, USUAL_STEP)}"


def is_open_file_limit(error: BaseException) -> bool:
    """Whether the limit on open files is the cause; for a library that fails to load, only the message shows it."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return True
    return os.strerror(errno.EMFILE) in str(error)


def open_files() -> int:
    """The number of files that this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def folder_is_gone() -> bool:
    """Whether the current folder no longer exists."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def with_missing_folder_hint(line: str) -> str:
    """An error line, with a hint if the current folder no longer exists."""
    return f"{line}; also, {FOLDER_IS_GONE}" if folder_is_gone() and FOLDER_IS_GONE not in line else line


def first_line(error: BaseException) -> str:
    """The first line of an error message that is not blank."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
