"""The folders at the top of the repository are installed inside one package: `core/` as `fitgap.core`, and so on."""

from setuptools import find_packages, setup

FOLDERS = {
    "fitgap": "runner/public",
    "fitgap.core": "core",
    "fitgap.runner": "runner",
    "fitgap.migrations": "migrations",
}


def packages() -> list[str]:
    """Every package there is. `runner/public` is `fitgap` itself and not also a part of `fitgap.runner`."""
    inside = [
        f"{package}.{found}"
        for package, folder in FOLDERS.items()
        for found in find_packages(folder, exclude=["public", "public.*"])
    ]
    return [*FOLDERS, *inside]


setup(packages=packages(), package_dir=FOLDERS)
