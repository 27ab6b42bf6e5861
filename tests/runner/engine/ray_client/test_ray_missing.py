"""If Ray is not installed or cannot be imported, `--engine ray` says so in one line, and other engines train."""

import os
import subprocess
import sys

import pytest
from support.sampling import every, per_commit

# The content of the module `ray`, and what the error message must contain.
BROKEN = {
    "missing": ("raise ModuleNotFoundError(\"No module named 'ray'\", name='ray')", "No module named 'ray'"),
    "broken": ("raise ImportError('version `GLIBCXX_3.4.30` not found\\nand more lines')", "and more lines"),
    "wrong": ("raise AttributeError('module has no attribute')", "module has no attribute"),
    "ending": ("raise SystemExit('wrong platform')", "wrong platform"),
}


def run(folder, engine, module):
    """Run a small sweep with this module as `ray`. It is not in the current folder, from which nothing is imported."""
    modules, here = folder / "modules", folder / "here"
    (modules / "ray").mkdir(parents=True)
    (modules / "ray/__init__.py").write_text(module)
    here.mkdir()
    arguments = ("run", "--data", "and", "--hidden", "2", "--epochs", "2", "--engine", engine, "--db", "x.db")
    command = [sys.executable, "-m", "fitgap", *arguments]
    environment = {**os.environ, "PYTHONPATH": f"{modules}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", every(2, BROKEN))
def test_a_ray_that_cannot_be_imported_is_one_line(kind, tmp_path):
    module, told = BROKEN[kind]
    done = run(tmp_path, "ray", module)
    assert done.returncode == 1
    *_, last = done.stderr.strip().splitlines()
    assert last.startswith(f"fitgap: Ray could not be started: {told}; ") and "--engine local" in last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("engine", per_commit(["auto"], ["auto", "local"]))
def test_other_engines_do_without_ray(engine, tmp_path):
    done = run(tmp_path, engine, BROKEN["missing"][0])
    assert done.returncode == 0, done.stderr
