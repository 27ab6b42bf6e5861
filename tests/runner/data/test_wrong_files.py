"""Every wrong file gives one line that starts with the file's name and says what is wrong with it."""

import re

import pytest
from fitgap.runner.data import load_dataset
from fitgap.runner.errors import DataError
from support.data.wrong_data_cases import WRONG_FILES, WRONG_FOLDER, WRONG_HANDLINGS


def test_every_wrong_file_is_in_the_table():
    assert {path.name for path in WRONG_FOLDER.iterdir()} == set(WRONG_FILES) | {name for name, *_ in WRONG_HANDLINGS}


def told(monkeypatch, name, target, **handling):
    """The message that loading a wrong file gives."""
    monkeypatch.chdir(WRONG_FOLDER)
    with pytest.raises(DataError) as caught:
        load_dataset(name, target=target, **handling)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    assert len(message) < 300
    return message


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_file_is_explained(name, monkeypatch):
    target, pattern = WRONG_FILES[name]
    assert re.search(pattern, told(monkeypatch, name, target))


@pytest.mark.parametrize("name", ["breaks_reader.parquet", "kills_reader.parquet", "date_target.parquet"])
def test_so_it_is_where_the_reader_is_a_new_python(name, monkeypatch, started_reader):
    test_wrong_file_is_explained(name, monkeypatch)


@pytest.mark.parametrize(("name", "target", "handling", "pattern"), WRONG_HANDLINGS)
def test_what_is_wrong_even_where_more_is_allowed(name, target, handling, pattern, monkeypatch):
    assert re.search(pattern, told(monkeypatch, name, target, **handling))
