"""The built and installed package: a single package with everything it needs, and no other modules."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.linked_package import ROOT

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("packaging")

BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]
print(build_meta.build_sdist(folder), build_meta.build_wheel(folder))
"""
# Prints where the modules of an installation are, and trains.
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import fitgap, fitgap.core, fitgap.migrations, fitgap.runner
print(fitgap.__file__, fitgap.core.__file__, fitgap.migrations.__file__, fitgap.runner.__file__)
axes = {"architecture": [4], "optimizer": {"adam": {"rate": 0.05}}}
sweep = {"data": "iris", "repeats": 2, "training": {"epochs": 60}, "axes": axes}
print(fitgap.run_sweep(sweep, engine="auto", workers=2).trials().height)
for name in ("core", "runner", "migrations"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    print("found", name)
"""


def repository_files():
    """The files tracked by git, or None outside a git checkout, such as in an unpacked source distribution."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else None


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A source distribution and a wheel, built from a copy of the tracked files."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for name in repository_files() or pytest.fail("this is no git repository"):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", BUILD, out], cwd=copy, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    sdist, wheel = done.stdout.split()[-2:]
    return out / sdist, out / wheel


def modules_of(folder, package):
    return {
        f"{package}/{path.relative_to(ROOT / folder)}"
        for path in (ROOT / folder).rglob("*.py")
        if "public" not in path.relative_to(ROOT / folder).parts[:1]
    }


def test_a_wheel_has_every_module_and_nothing_beside_the_package(built):
    names = set(zipfile.ZipFile(built[1]).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fitgap"}
    expected = modules_of("runner/public", "fitgap")
    for part in ("core", "runner", "migrations"):
        expected |= modules_of(part, f"fitgap/{part}")
    assert {name for name in names if name.endswith(".py")} == expected
    data = {"fitgap/py.typed", "fitgap/runner/data/shipped/ORIGIN.md"}
    data |= {f"fitgap/migrations/newest_{database}.sql" for database in ("sqlite", "postgresql")}
    assert data | {f"fitgap/runner/data/shipped/{name}.npz" for name in ("digits", "iris", "wine")} <= names


def test_a_source_distribution_has_what_its_tests_and_documentation_need(built):
    files = repository_files()
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    left_out = {".gitignore", ".ci/run", ".pre-commit-config.yaml"}
    assert set(files) - names <= left_out | {name for name in files if name.startswith(("benchmarks/", ".ci/"))}
    assert not [name for name in names if name.endswith((".pyc", ".db-wal")) or "/__pycache__" in name]


def test_an_installation_trains_and_has_no_module_with_a_general_name(built, tmp_path):
    installed = tmp_path / "installed"
    zipfile.ZipFile(built[1]).extractall(installed)
    work = tmp_path / "work"
    work.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", USE, installed],
        cwd=work, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    places, rows, *found = done.stdout.splitlines()
    assert all(Path(place).is_relative_to(installed) for place in places.split())
    assert rows == "2" and not found
