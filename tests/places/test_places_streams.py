"""Commands with streams, encodings and terminals of every kind: they work or say why not.

Per commit, a sample of the commands in the rows' `sample` is tried; `nightly` tries all commands.
"""

import pytest
from support.places.checking import check, in_words, rest, sample
from support.places.environments import STREAMS, TEXTS
from support.sampling import every

ENVIRONMENTS = (*STREAMS, *TEXTS)


@pytest.mark.parametrize(("environment", "command"), every(7, in_words(sample(ENVIRONMENTS))))
def test_a_command_works_or_says_in_one_line_why_not(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)


@pytest.mark.nightly
@pytest.mark.parametrize(("environment", "command"), in_words(rest(ENVIRONMENTS)))
def test_every_command_does(environment, command, stage, plain, require):
    check(environment, command, stage, plain, require)
