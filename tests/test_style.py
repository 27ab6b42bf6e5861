"""The code is formatted, linted and type-checked as configured in pyproject.toml."""

import subprocess
import sys

import pytest
from support.linked_package import ROOT, link_package

FOLDERS = ("benchmarks", "core", "docs/generate", "docs/pictures.py", "runner", "migrations", "tests", "setup.py")


@pytest.mark.parametrize("line", [("check",), ("format", "--check")], ids=" ".join)
def test_the_code_is_linted_and_formatted(line):
    done = run("ruff", *line, *FOLDERS, folder=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


# It takes half a minute on one core; `.ci/run` and `nox -s lint` run it for every change.
@pytest.mark.nightly
def test_the_code_is_typed(tmp_path):
    """Uses the cache of earlier runs for unchanged files, most of which belong to other packages."""
    link_package(tmp_path)
    kept = ("--cache-dir", ROOT / ".mypy_cache")
    done = run("mypy", "--config-file", ROOT / "pyproject.toml", *kept, "-p", "fitgap", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def run(*line, folder):
    return subprocess.run([sys.executable, "-m", *line], cwd=folder, capture_output=True, text=True, check=False)
