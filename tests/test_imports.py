"""Imports go down only: the contracts in pyproject.toml hold, and programs in test strings import names that exist."""

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


def imported_in_strings():
    """`(file, module, name)` for every `from fitgap... import name` in a string of a test."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for module, names in re.findall(r"^\s*from (fitgap[\w.]*) import ([\w, ]+)$", node.value, re.MULTILINE):
                    for name in names.split(","):
                        yield path.name, module, name.split()[0]


def exists(module, name):
    """Whether a module has this name, or is a package with a module of this name."""
    found = importlib.import_module(module)
    return hasattr(found, name) or (hasattr(found, "__path__") and bool(importlib.util.find_spec(f"{module}.{name}")))


def test_programs_in_strings_import_names_that_exist():
    """Many of these programs run only at night, so a wrong import could go unnoticed."""
    found = set(imported_in_strings())
    assert len(found) > 50
    assert not [each for each in sorted(found) if not exists(*each[1:])]
