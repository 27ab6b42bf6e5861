"""Tests of the wording of errors."""

from fitgap.runner.data.error_texts import file_error, visible
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_visible_text_is_printable_and_short(text):
    assert visible(text).isprintable()
    assert len(visible(text, longest=10)) <= 11 * len("\\U0010ffff")


def test_plain_text_stays_as_it_is():
    assert visible("größe 1") == "größe 1"


def test_the_file_is_written_as_the_user_wrote_it():
    assert str(file_error("./data/my table.csv", "is wrong")) == "./data/my table.csv: is wrong"
