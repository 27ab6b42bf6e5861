"""Amounts in messages: one of something is singular, thousands are told apart."""

import pytest
from fitgap.runner.amounts import counted


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 trials"), (1, "1 trial"), (2, "2 trials"), (1_000_000, "1,000,000 trials")]
)
def test_a_number_with_its_noun(count, text):
    assert counted(count, "trial") == text
