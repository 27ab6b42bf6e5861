"""Changes that imports make to the environment are undone, whether or not a variable was set before."""

import os

import pytest
from fitgap.runner.system.environment_variables import SET_BY_IMPORTS, environment_kept


@pytest.mark.parametrize("before", [None, "the user's"])
@pytest.mark.parametrize("name", SET_BY_IMPORTS)
def test_a_variable_is_afterwards_what_it_was(name, before, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    if before is not None:
        monkeypatch.setenv(name, before)
    with environment_kept():
        os.environ[name] = "set by an import"
    assert os.environ.get(name) == before


@pytest.mark.parametrize("name", SET_BY_IMPORTS)
def test_blocks_of_two_threads_that_overlap_leave_nothing(name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    first, second = environment_kept(), environment_kept()
    first.__enter__()
    os.environ[name] = "set by an import"
    second.__enter__()  # records nothing: what it sees was set by the import
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert name not in os.environ
