"""Questions to other programs, such as git or ps."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

# A question that takes longer than this stays unanswered.
ANSWER_SECONDS = 1.0


def answer_of(*command: str, environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str | None:
    """What a program prints; None where it is missing, fails or takes too long."""
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
            timeout=ANSWER_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def find_program(name: str) -> str | None:
    """Where a program is. Relative entries of PATH are left out: the current folder may be anybody's."""
    folders = [each for each in os.get_exec_path() if os.path.isabs(each)]
    return shutil.which(name, path=os.pathsep.join(folders)) if folders else None
