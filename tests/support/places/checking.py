"""Checks of every command in every environment: its exit code, its answer, its noise, and what it leaves behind."""

import pytest

from support.places.commands import BY_NAME, COMMANDS
from support.places.environments.environment import FAILS, NOT_STARTED, RAY, REFUSED, TRAINS
from support.places.leftovers import left_behind
from support.places.starting import run

# Each commit tries one in N of the pairs in the tables' samples.
STEP = 8


def sample(environments):
    """The pairs of an environment and a command that each commit tries. Neighbors in a table are similar, so a few
    suffice.
    """
    pairs = [(environment, BY_NAME[name]) for environment in environments for name in environment.sample]
    return pairs[::STEP]


def rest(environments):
    """All other pairs."""
    chosen = {(environment.name, command.name) for environment, command in sample(environments)}
    pairs = [(environment, command) for environment in environments for command in COMMANDS]
    return [pair for pair in pairs if (pair[0].name, pair[1].name) not in chosen]


def in_words(pairs):
    return [pytest.param(*pair, id=f"{pair[1].name}, {pair[0].name}") for pair in pairs]


def check(environment, command, stage, plain, require):
    """Run a command in an environment and check everything that users may rely on."""
    require(environment.needs)
    outcome = run(stage, environment, command.arguments)
    left = left_behind(stage, outcome.before, command.creates)
    assert outcome.code in environment.codes_of(command.kind), outcome.told
    assert not outcome.noise, outcome.told
    if outcome.code in REFUSED | NOT_STARTED:
        check_refusal(environment, outcome, command)
    if outcome.code == 0 or environment.is_done_anyway:
        check_answer(environment, outcome, command, stage, plain)
    assert not left, left


def check_refusal(environment, outcome, command):
    """The reason is one line that names the obstacle; training may have printed other lines before it."""
    if "err" not in environment.hears or environment.columns or command.name == "no such command":
        return
    lines = outcome.complaint
    assert [line.startswith("fitgap: ") for line in lines].count(True) == 1 and lines[-1].startswith("fitgap: ")
    assert len(lines) == 1 or environment.is_done_anyway, outcome.told
    if environment.codes_of(command.kind) == REFUSED and command.kind != FAILS:
        assert any(each in outcome.err for each in (environment.says, *command.creates)), outcome.told


def check_answer(environment, outcome, command, stage, plain):
    """The machine-readable output and the results of training are the same everywhere."""
    expected, rows = plain(command.name)
    if command.is_same and "out" in environment.hears:
        assert outcome.out == expected.out, outcome.told
    if command.kind in (TRAINS, RAY) and command.trained:
        assert stage.rows(command.trained) == rows
        assert rows and {row[2] for row in rows} <= {"completed", "diverged"}
