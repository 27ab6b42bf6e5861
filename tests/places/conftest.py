"""Stages for the rows, and the results of commands in a plain environment."""

import contextlib
import functools
import json
import shutil
import subprocess
import sys

import pytest
from support.made_once import made_once
from support.places.commands import BY_NAME
from support.places.environments import PLAIN
from support.places.stage import COMMAND, Stage, may_change_user, may_make_groups, may_mount
from support.places.starting import Outcome, run

TRAINED = """\
name: s
data: xor
repeats: 2
training: {epochs: 20, batch_size: 2, keep: best}
axes: {architecture: [4], activation: [relu, tanh], optimizer: [adam]}
"""
# Sweeps without trained trials: one is pending, one will be cancelled.
WRITE = """
from fitgap.runner.driver import write_sweep
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store_for_writing
text = open("s.yaml").read()
with open_store_for_writing("fitgap.db") as store:
    for name in ("waiting", "cancelled"):
        write_sweep(store, prepare_sweep(sweep_from_text(text.replace("name: s", f"name: {name}"))))
"""
MAY = {"namespace": may_mount, "user": may_change_user, "groups": may_make_groups}


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A working folder: new examples, and a database with trained, pending and cancelled sweeps."""

    def fill(folder):
        (folder / "s.yaml").write_text(TRAINED)
        (folder / "new.csv").write_text("a,b\n0,1\n1,1\n")
        for line in ([COMMAND, "run", "s.yaml"], [sys.executable, "-c", WRITE], [COMMAND, "cancel", "cancelled"]):
            done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        # Other users must be able to read copies of it.
        folder.chmod(0o755)

    return made_once(tmp_path_factory, "places", fill)


@pytest.fixture(scope="session")
def plain(template, tmp_path_factory):
    """`plain(name)`: the outcome of a command, and the rows of its sweep, in a plain environment."""

    def look(name, folder):
        with contextlib.closing(Stage(template)) as stage:
            outcome = run(stage, PLAIN, BY_NAME[name].arguments)
            found = {
                "outcome": [outcome.code, outcome.out, outcome.err, sorted(outcome.before)],
                "rows": stage.rows(BY_NAME[name].trained),
            }
            (folder / "found.json").write_text(json.dumps(found))

    @functools.cache
    def of(name):
        folder = made_once(tmp_path_factory, f"plain {name}", functools.partial(look, name))
        found = json.loads((folder / "found.json").read_text())
        code, out, err, before = found["outcome"]
        return Outcome(code, out, err, frozenset(before)), [tuple(row) for row in found["rows"]]

    return of


@pytest.fixture
def stage(template):
    with contextlib.closing(Stage(template)) as made:
        yield made


@pytest.fixture(scope="session")
def require():
    """`require(needs)`: skip the test if this user lacks the privileges for a row."""
    answers = {need: may() for need, may in MAY.items()}

    def skip_unless(needs):
        for need in sorted(needs):
            if not answers[need]:
                pytest.skip(f"this user may not make a {need}: the row needs the privilege")

    return skip_unless


@pytest.fixture(scope="session")
def template_copy(template, tmp_path_factory):
    """A copy of the template's folder that may be changed."""
    return shutil.copytree(template, tmp_path_factory.mktemp("copy") / "work")
