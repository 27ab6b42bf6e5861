"""The package as an installation has it, as links into this checkout: for tools that follow no import hook.

`python tests/support/linked_package.py FOLDER` makes it for tools that people start themselves.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "runner", "migrations")


def link_package(folder: Path) -> Path:
    """Make `fitgap` in this folder and return where it is."""
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
