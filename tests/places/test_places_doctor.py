"""`fitgap doctor` finds problems that would make training fail, suggests fixes, and leaves nothing behind."""

import pytest
from support.places.environments import FILES, INTERPRETERS, MACHINES, PLAIN, STREAMS, TEXTS
from support.places.environments.environment import NOT_STARTED, RAY, REFUSED, TRAINS
from support.places.leftovers import left_behind
from support.places.starting import run

# 1: it found a problem. 2: a problem prevented even the doctor from running, which it reports in one line.
FOUND = {1, 2}
LOOKS = ("doctor",)
ALL = (PLAIN, *STREAMS, *TEXTS, *FILES, *MACHINES, *INTERPRETERS)
TROUBLED = [
    each for each in (*FILES, *MACHINES) if each.codes_of(TRAINS) == REFUSED or each.codes_of(RAY) == NOT_STARTED
]
# Without a network, the doctor would wait as long as Ray may take to start.
SAMPLE = [each for each in TROUBLED if each.name == "a read-only folder"]


def look(environment, stage, require):
    """Run the doctor; check that it is quiet and has cleaned up."""
    require(environment.needs)
    outcome = run(stage, environment, LOOKS)
    left = left_behind(stage, outcome.before)
    assert not outcome.noise, outcome.told
    assert not left, left
    return outcome


@pytest.mark.nightly
@pytest.mark.parametrize("environment", SAMPLE, ids=lambda each: each.name)
def test_it_finds_what_would_make_training_fail(environment, stage, require):
    outcome = look(environment, stage, require)
    assert outcome.code in FOUND, outcome.told
    assert environment.says in outcome.out + outcome.err, outcome.told


@pytest.mark.nightly
@pytest.mark.parametrize("environment", [each for each in TROUBLED if each not in SAMPLE], ids=lambda each: each.name)
def test_it_finds_everything_that_would(environment, stage, require):
    outcome = look(environment, stage, require)
    assert outcome.code in FOUND, outcome.told
    assert environment.says in outcome.out + outcome.err, outcome.told


# With every commit, the tests in tests/runner/doctor try its single checks.
@pytest.mark.nightly
def test_it_finds_nothing_where_all_is_well(stage, require):
    outcome = look(PLAIN, stage, require)
    assert outcome.code == 0, outcome.told


@pytest.mark.nightly
@pytest.mark.parametrize("environment", [each for each in ALL if each not in TROUBLED], ids=lambda each: each.name)
def test_it_can_be_asked_everywhere(environment, stage, require):
    outcome = look(environment, stage, require)
    assert outcome.code in {0, *FOUND}, outcome.told
