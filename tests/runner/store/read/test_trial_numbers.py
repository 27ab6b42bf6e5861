"""Trials as arrays of numbers equal trials as rows, on both kinds of database, in blocks of any size."""

import math

import pytest
import sqlalchemy as sa
from fitgap.core.fit_verdicts import Verdict
from fitgap.runner.store import CONFIGURATION_SETTINGS, TRIAL_WORDS, TrialQuery
from fitgap.runner.store.read import trial_numbers
from fitgap.runner.store.schema.tables import trial
from fitgap.runner.trial_status import Status

NAMES = ("trial", "repeat", "status", "epochs", "e_v", "best_e_v", "verdict", "started")
SETTINGS = ("architecture", "optimizer", "planned_epochs", "parameters")


@pytest.fixture
def sweep_id(store, make_plan):
    """The second of two sweeps. Its trials differ in status or verdict; the last one has no results."""
    store.add_sweep(make_plan(2, 1, name="other"))
    number, _ = store.add_sweep(make_plan(7, 2, name="own"))
    with store._engine.begin() as connection:
        ids = connection.execute(sa.select(trial.c.id).where(trial.c.sweep_id == number)).scalars().all()
        for place, each in enumerate(ids[:-1]):
            status, verdict = list(Status)[place % len(Status)], [None, *Verdict][place % (1 + len(Verdict))]
            values = {"status": status, "verdict": verdict, "e_v": 0.1 * place, "started": 1e9 + place / 3}
            connection.execute(trial.update().where(trial.c.id == each).values(epochs=place, **values))
    return number


def rows_by_number(store, sweep_id, settings, names):
    """The same as rows of trials, with settings from their configurations and words from their codes."""
    with store.trial_numbers(sweep_id, settings, names) as (rows, blocks):
        own = {row[0]: row[1:] for row in rows}
        for block in blocks:
            for number, *values in zip(*block.values(), strict=True):
                verdict, *shared = own[int(number)]
                yield [*shared, *map(meant, names, values), verdict]


def meant(name, value):
    if math.isnan(value):
        return None
    return TRIAL_WORDS[name][int(value)] if name in TRIAL_WORDS else value


@pytest.mark.parametrize("at_a_time", [1, 5, 1000])
def test_numbers_are_what_the_rows_hold(store, sweep_id, monkeypatch, at_a_time):
    monkeypatch.setattr(trial_numbers, "TRIALS_AT_A_TIME", at_a_time)
    found = [row[:-1] for row in rows_by_number(store, sweep_id, SETTINGS, NAMES)]
    query = TrialQuery(columns=("configuration", *SETTINGS, *NAMES))
    assert found == [list(row) for part in store.trial_blocks(sweep_id, query) for row in part]
    assert len(found) == 14


def test_settings_of_configurations_are_those_of_their_trials(store, sweep_id):
    """So each may be read only once per configuration."""
    settings = [name for name in CONFIGURATION_SETTINGS if name != "configuration"]
    found = [row[:-1] for row in rows_by_number(store, sweep_id, settings, ("trial",))]
    query = TrialQuery(columns=("configuration", *settings, "trial"))
    assert found == [list(row) for part in store.trial_blocks(sweep_id, query) for row in part]


def test_every_word_of_the_program_is_known():
    assert {*Status} <= {*TRIAL_WORDS["status"]} and {*Verdict} <= {*TRIAL_WORDS["verdict"]}
