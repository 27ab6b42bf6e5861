"""What sweeps, tags and notes may be called: no text that a terminal obeys, and no unlimited length."""

import unicodedata

import pytest
from fitgap.core.layers import LAYERS
from fitgap.runner.errors import LabelError
from fitgap.runner.names import LONGEST_NOTE, LONGEST_TAG, checked_note, checked_sweep_name, checked_tag, plainer
from hypothesis import given
from hypothesis import strategies as st

ATTACKS = ["\x1b[2J", "\x1b]0;owned\x07", "a\rb", "a\x00b", "\x9b31m", "\ud800", "\x7f"]


@pytest.mark.parametrize("text", ["baseline", "look again", "höher", "=1+1", "<b>", "'; drop table trial", "x" * 64])
def test_a_tag_is_any_visible_text(text):
    assert checked_tag(f"  {text} ") == text


@pytest.mark.parametrize("text", ["", "  ", "a,b", "a\nb", "\u202egnp", "x" * (LONGEST_TAG + 1), *ATTACKS])
def test_a_tag_that_cannot_be_listed_is_refused_with_the_rule(text):
    with pytest.raises(LabelError, match="must be 1 to 64 characters") as refused:
        checked_tag(text)
    assert str(refused.value).isprintable() and len(str(refused.value)) < 1_000


@pytest.mark.parametrize("text", ATTACKS)
def test_a_note_that_a_terminal_would_obey_is_refused(text):
    with pytest.raises(LabelError, match="control character") as refused:
        checked_note(f"see {text} there")
    assert str(refused.value).isprintable()


def test_a_note_may_have_lines_and_an_end():
    assert checked_note("first\n\tsecond 👍\n") == "first\n\tsecond 👍"
    assert checked_note("x" * LONGEST_NOTE)
    with pytest.raises(LabelError, match="4,001 characters"):
        checked_note("x" * (LONGEST_NOTE + 1))


@given(st.text())
def test_what_is_accepted_holds_no_control_characters(text):
    for check, layout in ((checked_tag, ""), (checked_note, "\n\t")):
        try:
            accepted = check(text)
        except LabelError:
            continue
        assert not [each for each in accepted if unicodedata.category(each) in ("Cc", "Cs") and each not in layout]


@pytest.mark.parametrize("name", ["", "7", "../x", "a b", "a,b", "x" * 65, "é", "a\n"])
def test_a_sweep_is_never_called_like_a_number_or_a_path(name):
    with pytest.raises(LabelError, match="not only digits"):
        checked_sweep_name(name)


@pytest.mark.parametrize("name", LAYERS)
def test_an_architecture_is_not_made_plainer(name):
    """Whatever layer it begins with: simplified, `conv8x3:padding=same-norm` would no longer be one name."""
    for shorthand in (f"{name}:padding=same,stride=2-8", f"{name}8:bias=zero", name, f"res({name}:x=1)-8", f"8-{name}"):
        assert plainer(shorthand) == shorthand
