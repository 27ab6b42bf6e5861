"""Databases and folders for processes that are disturbed."""

import os
from collections import Counter

import pytest
from support.faults.children import outcome
from support.faults.evidence import Evidence, note_history
from support.faults.victims import Victim, run

# Lets the database record every change of a trial with triggers. Forked processes inherit this setting.
os.environ["FITGAP_ALLOW_TRIGGERS"] = "1"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Every test runs in an empty folder of its own, without a database in the environment."""
    monkeypatch.delenv("FITGAP_DB", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def undisturbed_export(tmp_path_factory):
    """The export of the tiny sweep without any disturbance, which is the same on every database."""
    folder = tmp_path_factory.mktemp("undisturbed")
    victim = Victim(str(folder / "store.db"), folder)
    assert outcome(run, victim) == 0, victim.complaint
    found = Evidence(victim.address)
    assert found.counts == {"completed": 8, "diverged": 8}
    return found.export


@pytest.fixture
def new_victim(databases, tmp_path):
    """`new_victim(**settings)`: a process in a folder of its own, on an empty database or on that of `again=victim`."""
    made = Counter()

    def make(again=None, **settings):
        made["folders"] += 1
        folder = tmp_path / f"victim-{made['folders']}"
        folder.mkdir()
        if again is None:
            address = databases.make()
            note_history(address)
        else:
            address = again.address
        return Victim(address, folder, **settings)

    return make
