"""The doctor: checks everything that the program depends on. It changes nothing and leaves nothing behind.

A check is a function that takes the value of `--db` and yields findings. It is listed in `CHECKS`.
"""

from collections.abc import Callable, Iterable
from importlib import import_module

from fitgap.runner.doctor.finding import Finding, State, problem

__all__ = ["CHECKS", "Finding", "State", "examine"]

# A module that shadows another one, or a dependency of the wrong version, can break any check.
SEE_OR_REPORT = "solve the other problems in this list first; if this one remains, report it as a bug"
# Module and function of each check, as names, so that a module that cannot be imported is reported as a finding.
CHECKS: dict[str, tuple[str, str]] = {
    "Python": ("installed", "check_python"),
    "dependencies": ("installed", "check_dependencies"),
    "SQLite": ("installed", "check_sqlite"),
    "modules": ("surroundings", "check_modules"),
    "environment": ("surroundings", "check_variables"),
    "text encoding": ("surroundings", "check_encoding"),
    "current folder": ("machine", "check_current_folder"),
    "home folder": ("machine", "check_home_folder"),
    "database folder": ("database", "check_database_folder"),
    "database": ("database", "check_database"),
    "file size": ("limits", "check_file_size"),
    "umask": ("limits", "check_umask"),
    "clock": ("surroundings", "check_clock"),
    "temporary folder": ("machine", "check_temporary_folder"),
    "shared memory": ("machine", "check_shared_memory"),
    "cores": ("machine", "check_cores"),
    "drivers": ("drivers", "check_drivers"),
    "memory": ("machine", "check_memory"),
    "open files": ("limits", "check_open_files"),
    "processes": ("limits", "check_processes"),
    "/proc": ("surroundings", "check_proc"),
    "loopback": ("surroundings", "check_loopback"),
    "BLAS": ("blas", "check_blas"),
    "compiled passes": ("kernels", "check_kernels"),
    "Ray": ("ray_start", "check_ray"),
}


def examine(database: str | None) -> list[Finding]:
    """The findings of all checks, for the database that a command would use."""
    return [finding for name in CHECKS for finding in findings_of(name, database)]


def findings_of(name: str, database: str | None) -> list[Finding]:
    """The findings of one check. A check that fails is itself a finding, so that the others still run."""
    module, function = CHECKS[name]
    try:
        check: Callable[[str | None], Iterable[Finding]] = getattr(
            import_module(f"fitgap.runner.doctor.{module}"), function
        )
        return list(check(database))
    except ImportError as error:
        return [problem(name, f"could not be checked: {error}", "see above which dependency is missing or broken")]
    except Exception as error:
        return [problem(name, f"could not be checked: {type(error).__name__}: {error}", SEE_OR_REPORT)]
