"""Every wrong file gives one line that starts with the file and says what is wrong with it."""

import re

import pytest
from wrong_data_cases import WRONG_FILES, WRONG_FOLDER

from runner.errors import DataError
from runner.sources import load_dataset


def test_every_wrong_file_is_in_the_table():
    assert {path.name for path in WRONG_FOLDER.iterdir()} == set(WRONG_FILES)


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_file_is_explained(name, monkeypatch):
    target, pattern = WRONG_FILES[name]
    monkeypatch.chdir(WRONG_FOLDER)
    with pytest.raises(DataError) as caught:
        load_dataset(name, target=target)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert re.search(pattern, message)
    assert message.isprintable()
    assert len(message) < 300
