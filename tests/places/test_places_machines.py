"""Commands on machines, for users and with settings of every kind: they work or say why not.

Per commit, a sample of the commands in the rows' `sample` is tried; `nightly` tries all commands.
"""

import pytest
from support.places.checking import check, in_words, rest, sample
from support.places.environments import INTERPRETERS, MACHINES, PLAIN
from support.sampling import every

ENVIRONMENTS = (PLAIN, *MACHINES, *INTERPRETERS)


@pytest.mark.parametrize(("environment", "command"), every(6, in_words(sample(ENVIRONMENTS))))
def test_a_command_works_or_says_in_one_line_why_not(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)


@pytest.mark.nightly
@pytest.mark.parametrize(("environment", "command"), in_words(rest(ENVIRONMENTS)))
def test_every_command_does(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)
