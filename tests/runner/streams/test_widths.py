"""Sizes in the environment that no terminal can have are ignored."""

import pytest
from fitgap.runner.streams.widths import drop_useless_sizes


@pytest.mark.parametrize("text", ["", "0", "000", "-3", "abc", "1e3", "3x", "٣", " 80"])
def test_what_is_no_size_is_left_out(text):
    environment = {"COLUMNS": text, "LINES": text, "TERM": "xterm"}
    drop_useless_sizes(environment)
    assert environment == {"TERM": "xterm"}


@pytest.mark.parametrize(("text", "used"), [("1", "20"), ("19", "20"), ("20", "20"), ("80", "80"), ("400", "400")])
def test_a_width_is_at_least_one_in_which_something_can_be_read(text, used):
    environment = {"COLUMNS": text}
    drop_useless_sizes(environment)
    assert environment == {"COLUMNS": used}


def test_a_width_beyond_all_terminals_is_none():
    environment = {"COLUMNS": "9" * 30, "LINES": "24"}
    drop_useless_sizes(environment)
    assert environment == {"LINES": "24"}
