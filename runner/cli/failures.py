"""Failures of the environment, which people can mend: one line each, with the next step, and exit code 2."""

import errno
import os
import resource

from fitgap.runner.errors import FitgapError

# What a limit of the system, a disk or the memory makes of any statement; anything else is a fault of the program.
ENVIRONMENT = (OSError, MemoryError, RecursionError, ImportError, UnicodeEncodeError)
NO_THREAD = "can't start new thread"
# How the loader of libraries says that there is no memory.
NO_MEMORY = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory")
NEXT_STEPS = {
    errno.ENOSPC: "free room on that disk, or choose another one",
    errno.EDQUOT: "free room within the quota, or choose another disk",
    errno.EROFS: "choose a place that is not mounted read-only",
    errno.EACCES: "check the permissions, or choose another place",
    errno.EPERM: "check the permissions, or choose another place",
    errno.ENOMEM: "free memory, or use fewer --workers",
    errno.EAGAIN: "end other processes, or raise their limit (`ulimit -u`)",
    errno.EIO: "check the disk or terminal",
    errno.ENAMETOOLONG: "choose a shorter path",
    errno.ELOOP: "the path is a circle of symbolic links; choose another one",
}
FOLDER_IS_GONE = "the current folder was deleted; change to one that exists (`cd`) and run the command again"
USUAL_STEP = "`fitgap doctor` checks what fitgap depends on"


class EnvironmentFailureError(FitgapError):
    """The system refused what the program needs, such as a file, memory or a thread."""


def is_of_environment(error: BaseException) -> bool:
    """Whether the system has refused something, so that the program is not at fault."""
    return isinstance(error, ENVIRONMENT) or (isinstance(error, RuntimeError) and NO_THREAD in str(error))


def in_one_line(error: BaseException) -> str:
    """What was refused, and the next step."""
    if isinstance(error, MemoryError):
        return f"there is not enough memory; {NEXT_STEPS[errno.ENOMEM]}"
    if isinstance(error, RecursionError):
        return "the input is nested too deeply; make it flatter"
    if isinstance(error, RuntimeError):
        return f"the system starts no more threads for this process; {NEXT_STEPS[errno.EAGAIN]}"
    if too_many_files(error):
        limit = f"it may open {open_files():,} files at a time"
        return f"the system opens no more files for this process ({limit}); raise that, such as by `ulimit -n 1024`"
    if isinstance(error, OSError):
        return line_of_system(error)
    if isinstance(error, UnicodeEncodeError):
        return (
            f"{error.object!r} cannot be written as {error.encoding}; use a locale with UTF-8, such as LC_ALL=C.UTF-8"
        )
    return line_of_import(error)


def line_of_import(error: BaseException) -> str:
    """Why a library cannot be loaded; some libraries wrap the reason into a page of advice."""
    while isinstance(error.__cause__ or error.__context__, ImportError):
        error = error.__cause__ or error.__context__ or error
    reason = first_line(error)
    if any(sign in reason for sign in NO_MEMORY):
        return in_one_line(MemoryError())
    return f"a part of the program cannot be loaded: {reason}; install fitgap again in a new virtual environment"


def line_of_system(error: OSError) -> str:
    """An error of the system in words."""
    if folder_is_gone():
        return FOLDER_IS_GONE
    if "No usable temporary directory" in str(error):
        return f"{first_line(error)}; set TMPDIR to a folder that can be written to"
    reason = os.strerror(error.errno) if error.errno else first_line(error)
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, (str, bytes)) else ""
    return f"{place}{reason}; {NEXT_STEPS.get(error.errno or 0, USUAL_STEP)}"


def too_many_files(error: BaseException) -> bool:
    """Whether the limit on open files is the reason; a library that cannot be loaded tells only by its words."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return True
    return os.strerror(errno.EMFILE) in str(error)


def open_files() -> int:
    """How many files this process may open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def folder_is_gone() -> bool:
    """Whether the current folder does not exist any more."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def with_lost_folder(line: str) -> str:
    """An error, with the reason for it if it comes from a current folder that is gone."""
    return f"{line}; also, {FOLDER_IS_GONE}" if folder_is_gone() and FOLDER_IS_GONE not in line else line


def first_line(error: BaseException) -> str:
    """The first line of an error that has something in it."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
