"""Sweeps trained by a user's own program: the results are the same in every situation, and nothing in the process
changes.
"""

import contextlib
import json
import sys
from pathlib import Path

import pytest
from support.places import watching
from support.places.environments.environment import Environment
from support.places.leftovers import left_behind
from support.places.situation import CELL, FILE, FLAG, LOCAL
from support.places.situations import SITUATIONS
from support.places.stage import Stage
from support.places.starting import run
from support.sampling import postponed

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("library")

# Makes `watching` importable for the programs of the situations.
HELPERS = Path(watching.__file__).parent
CASES = [(situation, engine) for situation in SITUATIONS for engine in situation.engines]
SAMPLE = [(situation, engine) for situation in SITUATIONS for engine in situation.sample]
THEIRS = frozenset({"script.py", "changes", "elsewhere"})
# A user's own Ray leaves its session folder, and a token in the user's home.
OWN_RAYS = frozenset({"own-ray", ".ray"})


def in_words(pairs):
    return [pytest.param(*pair, id=f"{pair[0].name}, {pair[1]}") for pair in pairs]


# A program that waits for other processes takes several times as long.
PER_COMMIT = "warnings are errors, local"
SAMPLED = [case if case.id == PER_COMMIT else postponed(case) for case in in_words(SAMPLE)]


def run_program(stage, situation, engine):
    """Start Python in the way that the situation describes."""
    (stage.work / FILE).write_text(situation.program)
    given = f"export PLACES_ENGINE={engine} PYTHONPATH={HELPERS} PYTHONDONTWRITEBYTECODE=1"
    arguments = {FILE: (FILE,), FLAG: ("-c", situation.program), CELL: (watching.__file__, engine)}
    flags = (*situation.flags, *arguments.get(situation.how, ("-",)))
    is_read = situation.how not in (FILE, FLAG)
    return run(stage, Environment("Python", given, redirect=f"<{FILE}" if is_read else ""), flags, sys.executable)


@pytest.fixture(scope="module")
def expected_rows(template):
    """The results of the sweep in a plain script with the engine `local`."""
    with contextlib.closing(Stage(template)) as stage:
        outcome = run_program(stage, SITUATIONS[0], LOCAL)
        assert outcome.code == 0, outcome.told
        return stage.rows("one")


@pytest.mark.parametrize(("situation", "engine"), SAMPLED)
def test_a_sweep_in_a_users_process_changes_nothing_there(situation, engine, stage, expected_rows):
    check(situation, engine, stage, expected_rows)


@pytest.mark.nightly
@pytest.mark.parametrize(("situation", "engine"), in_words(case for case in CASES if case not in SAMPLE))
def test_it_does_so_with_every_engine(situation, engine, stage, expected_rows):
    check(situation, engine, stage, expected_rows)


def check(situation, engine, stage, expected_rows):
    outcome = run_program(stage, situation, engine)
    theirs = THEIRS | OWN_RAYS if "ray.init" in situation.program else THEIRS
    left = left_behind(stage, outcome.before, theirs=theirs)
    assert outcome.code == 0, outcome.told
    assert not outcome.noise, outcome.told
    assert changes(stage) == {}
    for sweep in situation.trains:
        assert stage.rows(sweep) == expected_rows, sweep
    assert not left, left


def changes(stage):
    """The changes that the user's process recorded."""
    return json.loads((stage.root / "changes").read_text())


@pytest.mark.nightly
def test_tests_that_train_in_parallel(stage, expected_rows):
    """Two pytest-xdist processes train in one database at the same time."""
    (stage.work / "test_mine.py").write_text(
        "import pytest\nfrom watching import train\n"
        "@pytest.mark.parametrize('name', ['one', 'two', 'three', 'four'])\n"
        "def test_it(name):\n    train(name, 'auto', db='fitgap.db')\n"
    )
    given = f"export PYTHONPATH={HELPERS} PYTHONDONTWRITEBYTECODE=1"
    flags = ("-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--basetemp=elsewhere", "test_mine.py")
    outcome = run(stage, Environment("pytest", given), flags, sys.executable)
    assert outcome.code == 0, outcome.told
    for sweep in ("one", "two", "three", "four"):
        assert stage.rows(sweep) == expected_rows
    assert not left_behind(stage, outcome.before, theirs=THEIRS)


@pytest.mark.nightly
def test_importing_it_changes_nothing(stage):
    """This includes everything it imports."""
    program = "from watching import *\nwith watched():\n    from fitgap import run_sweep\nreport()\n"
    given = f"export PYTHONPATH={HELPERS} PYTHONDONTWRITEBYTECODE=1"
    outcome = run(stage, Environment("Python", given), ("-c", program), sys.executable)
    assert outcome.code == 0, outcome.told
    assert changes(stage) == {}
