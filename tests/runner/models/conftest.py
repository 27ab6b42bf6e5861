"""What tests of models share because it takes long to make; they run in one process."""

import pytest
from support.models.sweeps_of_models import SWEEPS, animals, houses, run


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
            known[name] = run(folder, SWEEPS[name], folder / f"{name}.db")
        return known[name]

    return train
