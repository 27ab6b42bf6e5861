"""`python -m fitgap` is the command `fitgap`."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.sampling import per_commit

COMMAND = Path(sys.executable).parent / "fitgap"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "arguments", per_commit([["show", "99"], ["--help"]], [["--version"], ["--help"], ["show", "99"], ["sweps"], []])
)
def test_both_answer_alike(arguments):
    """With the same exit code and the same text, also in messages about wrong usage."""
    ways = ([COMMAND], [sys.executable, "-m", "fitgap"])
    one, other = (subprocess.run([*way, *arguments], capture_output=True, text=True, check=False) for way in ways)
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
    assert one.stdout + one.stderr
