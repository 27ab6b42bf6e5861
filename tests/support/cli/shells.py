"""Commands in a shell, with any streams and any environment."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).parent / "fitgap"
ASKING = {
    "sweeps": "sweeps",
    "trials": "trials small --limit 3",
    "show": "show 1",
    "epochs": "epochs 1",
    "compare": "compare small --by activation",
    "diagnose": "diagnose small",
    "a trial": "diagnose 1",
    "importance": "importance small",
    "list": "list optimizers",
    "db status": "db status",
    "help": "run --help",
    "version": "--version",
    "tag": "tag small",
    "json": "trials small --format json",
    "csv": "trials small --format csv",
}


def shell(line, env=(), **options):
    """Run a shell line in which `fitgap` is the installed command; returns its exit code, output and errors, as
    bytes.
    """
    environment = {**os.environ, **dict(env)}
    script = f'fitgap() {{ "{COMMAND}" "$@"; }}; {line}'
    settings = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    done = subprocess.run(["bash", "-c", script], env=environment, timeout=120, **settings)
    return done.returncode, done.stdout, done.stderr
