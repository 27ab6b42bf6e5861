"""Characters that an encoding lacks: our own typography becomes ASCII, all others lossless backslash escapes."""

import pytest
from fitgap.runner.streams.typography import PLAIN, to_encoding
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("0.1 ± 0.2 × 3 …", "0.1 +- 0.2 x 3 ..."),
        ("β₁ γ² λ δ Δ Σ", "beta1 gamma2 lambda delta Delta sum"),
        ("−1 · 2 – 3 — 4 → 5 ≤ 6", "-1 * 2 - 3 - 4 -> 5 <= 6"),
        ("┌─┐│█▓░▲└╭╯", "+-+|#@.^+++"),
        ("größe ☃ 𝄞", "gr\\xf6\\xdfe \\u2603 \\U0001d11e"),
        ("caf\udce9.csv", "caf\\udce9.csv"),
    ],
)
def test_our_own_signs_become_ascii_and_others_are_escaped(text, plain):
    assert text.encode("ascii", PLAIN) == plain.encode()


def test_what_the_encoding_has_stays():
    assert "é ± × β".encode("latin-1", PLAIN).decode("latin-1") == "é ± × beta"


@given(st.text(st.characters(codec=None)), st.sampled_from(["ascii", "latin-1", "cp437", "utf-8", "utf-16", "koi8-r"]))
def test_any_text_can_be_written_in_any_encoding(text, encoding):
    written = to_encoding(text, encoding)
    assert to_encoding(written, encoding) == written
    assert not text.isascii() or written == text


def test_decoding_errors_are_not_swallowed():
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", PLAIN)


def test_a_stream_without_an_encoding_takes_everything():
    assert to_encoding("β", None) == "β"
