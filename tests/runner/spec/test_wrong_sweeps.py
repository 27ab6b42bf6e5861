"""Every mistake in a sweep file is reported in one line that names its place."""

import re

import pytest
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import sweep_from_file
from support.spec.wrong_sweep_cases import FOLDER, WRONG_SWEEPS


def test_every_file_of_the_folder_is_in_the_table():
    assert {path.name for path in FOLDER.iterdir()} == set(WRONG_SWEEPS)


@pytest.mark.parametrize("name", WRONG_SWEEPS)
def test_a_wrong_sweep_is_told_in_one_line(name):
    path = FOLDER / name
    with pytest.raises(SpecError) as caught:
        sweep_from_file(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.isprintable()
    assert re.match(WRONG_SWEEPS[name], message.removeprefix(str(path)))
