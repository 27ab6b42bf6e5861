"""Amounts in messages: a single thing is singular, and thousands are separated."""

import pytest
from fitgap.runner.amounts import counted, duration


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials"), (1_000_000, "1,000,000 trials")]
)
def test_a_number_with_its_noun(count, text):
    assert counted(count, "trial") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200.0, "3 min 20 s"),
        (3600.0, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_told_in_two_units(seconds, text):
    assert duration(seconds) == text
