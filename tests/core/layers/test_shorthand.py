"""Layers in one line, with residual connections around some of them."""

import pytest
from fitgap.core.layers.shorthand import joined, separated
from hypothesis import given
from hypothesis import strategies as st

LINES = st.recursive(
    st.sampled_from(["8", "conv4x3:padding=same", "lstm4:forget=-1", "norm"]),
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
    # They overlap, so that no parentheses say the same.
    assert joined(["8", "8", "res2", "8", "res2"], [0, 0, 2, 0, 2]) == "res(8-8)-8-res2"


@pytest.mark.parametrize("line", ["8-", "-8", "8--8", "res()", "res(8-)"])
def test_a_missing_layer_is_empty(line):
    assert "" in separated(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("res(8", "not close"),
        ("8)", "not open"),
        ("8res(8)", "a hyphen is missing"),
        ("res(8)8", "a hyphen is missing"),
    ],
)
def test_parentheses_must_match(line, words):
    with pytest.raises(ValueError, match=words):
        separated(line)
