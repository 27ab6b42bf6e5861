"""A Python environment that contains only some of the packages installed here. Making it is quick and needs no
network.
"""

import re
import sys
import sysconfig
import venv
from importlib.metadata import PackageNotFoundError, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# An editable install leaves metadata here that does not list the installed files.
REPOSITORY = Path(__file__).parents[3]
# The shebang line of a script.
FIRST_LINE = re.compile(r"\A#!.*")


def make_environment(folder, *requirements):
    """Make an environment in a folder with packages, such as `ray` or `ray[default]`, and their dependencies.

    Returns the folder. Raises PackageNotFoundError if one of them is not installed here.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    library = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    for name in closure(requirements):
        found = installed(name)
        for entry in {path.parts[0] for path in found.files if path.parts[0] != ".."}:
            if not (library / entry).exists():
                (library / entry).symlink_to(Path(found.locate_file(entry)))
        for program in found.entry_points.select(group="console_scripts"):
            script = (Path(sys.prefix) / "bin" / program.name).read_text()
            target = folder / "bin" / program.name
            target.write_text(FIRST_LINE.sub(f"#!{folder}/bin/python", script))
            target.chmod(0o755)
    return folder


def installed(name):
    """The package of this environment. Raises PackageNotFoundError if it is not installed."""
    path = [each for each in sys.path if Path(each).resolve() != REPOSITORY]
    for found in distributions(name=name, path=path):
        return found
    raise PackageNotFoundError(name)


def closure(requirements):
    """The names of packages and of all their dependencies."""
    found, waiting = set(), [Requirement(each) for each in requirements]
    while waiting:
        wanted = waiting.pop()
        for extra in {"", *wanted.extras}:
            name = canonicalize_name(wanted.name)
            if (name, extra) not in found:
                found.add((name, extra))
                waiting += needed(installed(name), extra)
    return {name for name, _ in found}


def needed(package, extra):
    """The requirements of a package in this environment, without extras or for one extra."""
    for each in map(Requirement, package.requires or ()):
        if each.marker is None or each.marker.evaluate({"extra": extra}):
            yield each
