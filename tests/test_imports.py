"""Imports go down only: the contracts in pyproject.toml hold."""

import os
import subprocess
import sys
from pathlib import Path

from support.linked_package import ROOT, link_package


def test_the_contracts_of_the_layout_hold(tmp_path):
    link_package(tmp_path)
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
