"""A user's own packages `core`, `runner` and `migrations` have no effect, wherever they are and whichever engine
trains.
"""

import os
import subprocess
import sys

import pytest
from support.sampling import per_commit

COMMAND = (sys.executable, "-m", "fitgap")
SWEEP = ("run", "--data", "digits", "--hidden", "16", "--repeats", "8", "--epochs", "20", "--workers", "2")
# Run as a script, next to which the packages are.
SCRIPT = """
import sys
from fitgap import run_sweep

if __name__ == "__main__":
    sweep = {"data": "digits", "repeats": 8, "training": {"epochs": 20}, "axes": {"architecture": [16]}}
    print(run_sweep(sweep, engine=sys.argv[1], workers=2).trials()["status"].unique().to_list())
"""
PACKAGES = ("core", "runner", "migrations")
ENGINES = ("local", "auto", "ray")


@pytest.fixture
def packages(tmp_path):
    """A folder with packages of these names; a process that imports one of them ends at once."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(77)\n")
    return tmp_path


def python(*arguments, folder, path=None):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = path
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_packages_would_be_found(packages):
    """Otherwise, the tests below could not fail."""
    for name in PACKAGES:
        done = subprocess.run([sys.executable, "-c", f"import {name}"], cwd=packages, check=False)
        assert done.returncode == 77


# `python -m` searches the current folder, and so does an empty entry in $PYTHONPATH: per commit, `test_on_pythonpath`
# covers both.
@pytest.mark.nightly
@pytest.mark.parametrize("engine", ENGINES)
def test_in_the_current_folder(engine, packages):
    done = python(*COMMAND, *SWEEP, "--engine", engine, folder=packages)
    assert "8 completed" in done.stderr


PATHS = {"dot": ".", "empty entry": ":/nonexistent", "absolute": "{folder}"}


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        pytest.param(
            engine,
            path,
            marks=() if (engine, name) == ("local", "empty entry") else pytest.mark.nightly,
            id=f"{engine}-{name}",
        )
        for engine in ENGINES
        for name, path in PATHS.items()
    ],
)
def test_on_pythonpath(engine, path, packages):
    done = python(*COMMAND, *SWEEP, "--engine", engine, folder=packages, path=path.format(folder=packages))
    assert "8 completed" in done.stderr


@pytest.mark.parametrize("engine", per_commit(["local"], ENGINES))
def test_next_to_a_script(engine, packages, tmp_path_factory):
    (packages / "study.py").write_text(SCRIPT)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = python(sys.executable, packages / "study.py", engine, folder=elsewhere)
    assert done.stdout == "['completed']\n"
