"""Layers in one line of shorthand, with residual connections around some of them."""

import pytest
from fitgap.core.layers.shorthand import joined, separated
from hypothesis import given
from hypothesis import strategies as st

LINES = st.recursive(
    st.sampled_from(
        ["8", "conv4x3:padding=same", "lstm4:forget=-1", "norm", "norm:epsilon=1e-06", "lstm3:forget=-2.5e-05"]
    ),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map("-".join).map("res({})".format),
    max_leaves=8,
)


def around(layers):
    return [int(layer[3:]) if layer.startswith("res") else 0 for layer in layers]


@given(st.lists(LINES, min_size=1, max_size=4).map("-".join))
def test_a_line_that_is_separated_and_joined_is_the_same(line):
    layers = separated(line)
    assert joined(layers, around(layers)) == line


def test_connections_stand_behind_what_they_go_around():
    assert separated("4-res(8-res(conv8x3)-8)-2") == ["4", "8", "conv8x3", "res1", "8", "res4", "2"]
    # The connections overlap, so parentheses cannot express them.
    assert joined(["8", "8", "res2", "8", "res2"], [0, 0, 2, 0, 2]) == "res(8-8)-8-res2"


@pytest.mark.parametrize(
    ("line", "layers"),
    [
        ("8-norm:epsilon=1e-3-8", ["8", "norm:epsilon=1e-3", "8"]),
        ("res(norm:epsilon=1.5E-06-8)-4", ["norm:epsilon=1.5E-06", "8", "res2", "4"]),
        ("lstm4:forget=1e-05,outputs=all-conv8x3-32", ["lstm4:forget=1e-05,outputs=all", "conv8x3", "32"]),
        ("lstm4:forget=-1e+2-lstm4:forget=.5e-1", ["lstm4:forget=-1e+2", "lstm4:forget=.5e-1"]),
        # Hyphens that are not part of an exponent still separate layers.
        ("conv8x3:padding=same-8", ["conv8x3:padding=same", "8"]),
        ("lstm4:forget=1-8", ["lstm4:forget=1", "8"]),
        ("lstm4:forget=1e-8-8", ["lstm4:forget=1e-8", "8"]),
    ],
)
def test_a_hyphen_in_a_number_separates_no_layers(line, layers):
    assert separated(line) == layers


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("8-", "missing behind a hyphen"),
        ("-8", "missing in front of a hyphen"),
        ("8--8", "missing in front of a hyphen"),
        ("res(8-)", "missing behind a hyphen"),
        ("8-res(-8)", "missing in front of a hyphen"),
        ("8-res()", "is empty; write the layers that it bypasses"),
        ("res(8", "not close"),
        ("res(", "not close"),
        ("8)", "has no opening one"),
        (")", "has no opening one"),
        ("8res(8)", "a hyphen is missing in front of res"),
        ("res(8)8", "a hyphen is missing in front of 8"),
        ("8-res((8))", "without a space or other parentheses"),
        ("8-res (8)", "without a space or other parentheses"),
        ("8-(8)", "without a space or other parentheses"),
        ("8-res(8):x=1-8", "has no settings; remove"),
        ("", "there is no layer"),
    ],
)
def test_what_is_missing_is_named(line, words):
    with pytest.raises(ValueError, match=words):
        separated(line)
