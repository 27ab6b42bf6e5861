"""A Python environment that has some of the packages installed here and no others; it takes a moment and no network."""

import re
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

# How a program names the Python that runs it.
FIRST_LINE = re.compile(r"\A#!.*")


def make_environment(folder, *names):
    """Make an environment in a folder with the named packages and what they require; returns the folder."""
    venv.create(folder, with_pip=False, symlinks=True)
    library = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    for name in closure(names):
        found = distribution(name)
        for entry in {path.parts[0] for path in found.files if path.parts[0] != ".."}:
            if not (library / entry).exists():
                (library / entry).symlink_to(Path(found.locate_file(entry)))
        for program in found.entry_points.select(group="console_scripts"):
            script = (Path(sys.prefix) / "bin" / program.name).read_text()
            target = folder / "bin" / program.name
            target.write_text(FIRST_LINE.sub(f"#!{folder}/bin/python", script))
            target.chmod(0o755)
    return folder


def closure(names):
    """The packages with all that they require, by name."""
    found, open_names = set(), list(names)
    while open_names:
        name = open_names.pop().lower()
        if name not in found:
            found.add(name)
            required = map(Requirement, distribution(name).requires or ())
            open_names += [each.name for each in required if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found
