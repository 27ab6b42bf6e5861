"""Long names on several lines: complete, within the width, and broken between layers."""

import pytest
from fitgap.runner.broken_names import broken, longest_piece
from hypothesis import given
from hypothesis import strategies as st

LONG = "conv8x3:padding=same-norm-pool2-res(conv8x3:padding=same-norm)-globalpool"


@given(st.text("ab -:=(1e", max_size=60), st.integers(1, 20))
def test_a_broken_text_fits_and_loses_nothing(text, width):
    lines = broken(text, width)
    assert all(len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        (LONG, 30, ["conv8x3:padding=same-norm-", "pool2-", "res(conv8x3:padding=same-", "norm)-globalpool"]),
        (LONG, 22, ["conv8x3:padding=same-", "norm-pool2-", "res(conv8x3:padding=", "same-norm)-globalpool"]),
        ("gradient_descent 1e-05", 17, ["gradient_descent", "1e-05"]),
        ("64-64-32", 8, ["64-64-32"]),
        ("64-64-32", 7, ["64-64-", "32"]),
    ],
)
def test_a_name_is_broken_after_hyphens_between_layers(text, width, expected):
    assert broken(text, width) == expected


def test_a_sign_of_an_exponent_is_no_place_to_break():
    assert longest_piece("1e-05") == 5 and longest_piece("conv8-1") == 6
