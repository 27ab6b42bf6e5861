"""The code is formatted, linted and typed as pyproject.toml says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("benchmarks", "core", "runner", "migrations", "tests")


@pytest.mark.parametrize(
    "line",
    [
        ("ruff", "check", *FOLDERS),
        ("ruff", "format", "--check", *FOLDERS),
        ("mypy",),
    ],
    ids=" ".join,
)
def test_the_tool_finds_nothing(line):
    done = subprocess.run([sys.executable, "-m", *line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
