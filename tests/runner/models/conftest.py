"""Slow fixtures that the tests of models share; the tests run in one process."""

from contextlib import ExitStack

import pytest
from support.models.sweeps_of_models import SWEEPS, animals, houses, train_sweep


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    houses(folder)
    animals(folder)
    return folder


@pytest.fixture(scope="session")
def trained(folder):
    """`trained(name)`: the store and the prepared sweep of one of SWEEPS, trained once."""
    known = {}

    def train(name):
        if name not in known:
            known[name] = train_sweep(folder, SWEEPS[name], folder / f"{name}.db")
        return known[name]

    yield train
    for store, _ in known.values():
        store.close()


@pytest.fixture
def run():
    """`run(folder, text, database)`: trains a sweep; the store, open until the test ends, and the prepared sweep."""
    with ExitStack() as opened:

        def run_until_the_end(folder, text, database):
            store, prepared = train_sweep(folder, text, database)
            return opened.enter_context(store), prepared

        yield run_until_the_end
