"""The package fitgap itself: its version, and where it can be imported from."""

import shutil
from importlib import import_module
from pathlib import Path

DISTRIBUTION = "fitgap"
PARTS = ("core", "runner", "migrations")


def folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent


FOLDER = folder_of(DISTRIBUTION)


def import_folder() -> str | None:
    """The folder that has to be on the module path for `import fitgap`.

    None in a checkout that was installed with `pip install -e`: an import hook maps its folders into the package.
    """
    return str(FOLDER.parent) if (FOLDER / "core").is_dir() else None


def copy_package(folder: Path, left_out: list[str]) -> Path:
    """Copy the package, as an installation has it, into this folder, and return where it is now."""
    copy = folder / DISTRIBUTION
    ignored = shutil.ignore_patterns(*left_out)
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(*left_out, *PARTS))
    for name in PARTS:
        shutil.copytree(folder_of(f"{DISTRIBUTION}.{name}"), copy / name, ignore=ignored)
    return copy


def program_version() -> str:
    """The version that is installed; "unknown" where the package was copied without its metadata."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
