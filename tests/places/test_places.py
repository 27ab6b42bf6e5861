"""Every command in every environment: the right exit code, the same answer, no noise, and nothing left behind.

The rows are in `environments/`, the commands in `commands.py`. Each commit tries the sample that a row names; `nightly`
tries every command in every environment.
"""

import pytest
from commands import BY_NAME, COMMANDS
from environments import ENVIRONMENTS, PLAIN
from environments.environment import RAY, REFUSED, TRAINS
from leftovers import left_behind
from starting import run

SAMPLE = [(environment, BY_NAME[name]) for environment in ENVIRONMENTS for name in environment.sample]
ALL = [(environment, command) for environment in (PLAIN, *ENVIRONMENTS) for command in COMMANDS]


def in_words(pairs):
    return [pytest.param(*pair, id=f"{pair[1].name}, {pair[0].name}") for pair in pairs]


@pytest.mark.parametrize(("environment", "command"), in_words(SAMPLE))
def test_a_command_works_or_says_in_one_line_why_not(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)


@pytest.mark.nightly
@pytest.mark.parametrize(("environment", "command"), in_words(pair for pair in ALL if pair not in SAMPLE))
def test_every_command_does(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)


def check(environment, command, stage, plain, require):
    """Run a command in an environment and check all that anyone may rely on."""
    require(environment.needs)
    outcome = run(stage, environment, command.arguments)
    left = left_behind(stage, outcome.before, command.creates)
    assert outcome.code in environment.codes_of(command.kind), outcome.told
    assert not outcome.noise, outcome.told
    if outcome.code in REFUSED:
        check_refusal(environment, outcome, command)
    elif outcome.code == 0:
        check_answer(environment, outcome, command, stage, plain)
    assert not left, left


def check_refusal(environment, outcome, command):
    """The reason is one line that names what is in the way."""
    if "err" in environment.hears and not environment.columns and command.name != "no such command":
        assert len(outcome.complaint) == 1, outcome.told
        if environment.codes_of(command.kind) == REFUSED and command.kind != "fails":
            assert environment.says in outcome.err, outcome.told


def check_answer(environment, outcome, command, stage, plain):
    """Programs read the same everywhere, and training finds the same."""
    expected, rows = plain(command.name)
    if command.is_same and "out" in environment.hears:
        assert outcome.out == expected.out, outcome.told
    if command.kind in (TRAINS, RAY) and command.trained:
        assert stage.rows(command.trained) == rows
        assert rows and {row[2] for row in rows} <= {"completed", "diverged"}
