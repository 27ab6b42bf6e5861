"""The package in its installed form, as links into this checkout, for tools that do not follow import hooks.

For tools that you start yourself, create it with `python tests/support/linked_package.py FOLDER`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "runner", "migrations")


def link_package(folder: Path) -> Path:
    """Make `fitgap` in this folder and return its path."""
    package = folder / "fitgap"
    package.mkdir(parents=True, exist_ok=True)
    targets = [*(ROOT / name for name in FOLDERS), *(ROOT / "runner" / "public").glob("*.*")]
    for target in targets:
        link = package / target.name
        if not link.is_symlink():
            link.symlink_to(target)
    return package


if __name__ == "__main__":
    print(link_package(Path(sys.argv[1])))
