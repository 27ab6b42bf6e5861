"""The package fitgap itself: its version and its location."""

import shutil
from importlib import import_module
from pathlib import Path

DISTRIBUTION = "fitgap"
PARTS = ("core", "runner", "migrations")


def folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent


FOLDER = folder_of(DISTRIBUTION)


def import_folder() -> str | None:
    """The folder that must be on the module path for `import fitgap`.

    None in a checkout installed with `pip install -e`, where an import hook maps the folders into the package.
    """
    return str(FOLDER.parent) if (FOLDER / "core").is_dir() else None


def copy_package(folder: Path, left_out: list[str]) -> Path:
    """Copy the package, in the layout of an installation, into this folder, and return the copy's path."""
    copy = folder / DISTRIBUTION
    ignored = shutil.ignore_patterns(*left_out)
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns(*left_out, *PARTS))
    for name in PARTS:
        shutil.copytree(folder_of(f"{DISTRIBUTION}.{name}"), copy / name, ignore=ignored)
    return copy


def program_version() -> str:
    """The installed version; "unknown" if the package was copied without its metadata."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"
