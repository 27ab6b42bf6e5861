"""Running of other programs, such as git or ps, for their output."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

# A program that takes longer than this is killed.
TIMEOUT_SECONDS = 1.0


def output_of(*command: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str | None:
    """The output of a program; None if it is missing, fails or takes too long."""
    program = find_program(command[0])
    if program is None:
        return None
    plain = {**(os.environ if environment is None else environment), "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=plain,
            cwd=folder,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def find_program(name: str) -> str | None:
    """The path of a program. Relative entries of PATH are ignored, since the current folder may be untrusted."""
    folders = [each for each in os.get_exec_path() if os.path.isabs(each)]
    return shutil.which(name, path=os.pathsep.join(folders)) if folders else None
