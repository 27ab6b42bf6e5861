"""Imports go down only: the contracts in pyproject.toml hold. And what programs in texts of the tests import exists."""

import ast
import importlib.util
import os
import re
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


def imported_in_texts():
    """`(file, module, name)` of every `from fitgap... import name` in a text of a test."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for module, names in re.findall(r"^\s*from (fitgap[\w.]*) import ([\w, ]+)$", node.value, re.MULTILINE):
                    for name in names.split(","):
                        yield path.name, module, name.split()[0]


def exists(module, name):
    if hasattr(importlib.import_module(module), name):
        return True
    return hasattr(sys.modules[module], "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None


def test_what_the_programs_in_texts_of_the_tests_import_exists():
    """Many of them run at night only, so that nobody would notice for long."""
    found = set(imported_in_texts())
    assert len(found) > 50
    assert not [each for each in sorted(found) if not exists(*each[1:])]
