"""A chart of a whole sweep is drawn from the same trials whether they are read as numbers or as rows."""

import polars as pl
import pytest
from fitgap.runner.charts import Request
from fitgap.runner.charts.subject import Subject
from fitgap.runner.store.read import trial_numbers


def as_rows(subject):
    """The trials read as rows, with the verdicts on their configurations."""
    verdicts = subject.store.configuration_verdicts(subject.sweep["id"])
    judged = pl.DataFrame(
        [(row["configuration"], row["verdict"]) for row in verdicts],
        schema={"configuration": pl.String, "judged": pl.String},
        orient="row",
    )
    return subject._read(None).join(judged, on="configuration", how="left", maintain_order="left")


@pytest.mark.parametrize(
    "facts",
    [{}, {"diverging": 3, "pending": 5}, {"pruned": 4, "examples": True}, {"text": "(x)"}],
    ids=str,
)
def test_both_ways_of_reading_agree(made, facts):
    subject = Subject(made(**facts), Request("made"))
    expected = as_rows(subject)
    assert subject.trials.schema == expected.schema
    assert subject.trials.equals(expected)


def test_single_trials_are_chosen_from_all(made):
    subject = Subject(made(), Request("made", trials=(2, 5)))
    assert subject.trials["trial"].to_list() == [2, 5]


def test_trials_of_configurations_that_are_newer_are_left_out(made, monkeypatch):
    """A search may add configurations between two queries."""
    store = made()
    known = trial_numbers.configuration_settings
    monkeypatch.setattr(trial_numbers, "configuration_settings", lambda *asked: known(*asked)[:-1])
    left = Subject(store, Request("made")).trials["configuration"].unique()
    assert len(left) == len(store.configuration_verdicts(1)) - 1
    monkeypatch.setattr(trial_numbers, "configuration_settings", lambda *asked: [])
    assert Subject(store, Request("made")).trials.is_empty()
