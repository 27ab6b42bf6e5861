"""The advice for architectures that do not fit their data."""

import re

import numpy as np
import pytest
from fitgap.core.datasets import Dataset
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.networks import check_shapes
from fitgap.runner.spec import sweep_from_mapping
from hypothesis import given
from hypothesis import strategies as st


def check(axes, line):
    inputs = np.zeros((2, int(np.prod(axes))))
    names = tuple(f"x{number}" for number in range(inputs.shape[1]))
    data = Dataset("new", inputs, np.zeros((2, 1)), "numbers", names, ("y",), input_axes=axes)
    check_shapes(sweep_from_mapping({"data": "iris", "axes": {"architecture": [line]}}), data, 1)


@pytest.mark.parametrize(
    ("axes", "line", "advice"),
    [
        (
            (4,),
            "1-norm",
            "leave this norm out, or put it after a layer with several units or channels, such as 32-norm",
        ),
        ((8, 8, 1), "conv1x3-norm-res(conv1x3:padding=same)", "leave this norm out, or put it after a layer"),
        ((4,), "res2-8", "write the layers that it bypasses in parentheses, as in 8-res(8)"),
        (
            (8, 8, 1),
            "res(conv8x3)",
            "give its last layer as many units or channels as its inputs have; padding=same keeps the positions",
        ),
        ((8, 8, 3), "res(conv8x3-32)", "let it bypass only layers that keep the axes, such as conv3x3:padding=same"),
        ((9, 2), "res(lstm8)", "let it bypass only layers that keep the axes, such as lstm2:outputs=all"),
        (
            (8, 8, 1),
            "res(32)",
            "or put a layer in front of it that is as wide as its outputs, as in 32-res(32)",
        ),
        (
            (4,),
            "res(8-8-8-8-8-8)",
            "let it end with a layer as wide as its inputs, or put a layer in front of it that is as wide as",
        ),
        # The layer that does not fit is not the one with the residual connection.
        ((4,), "res(4)-conv8x3", "say how the 4 inputs are arranged, with shape under data"),
        ((9, 9, 1), "conv8x9-res(conv8x3)", "choose other sizes or layers"),
    ],
)
def test_the_layer_that_does_not_fit_is_advised(axes, line, advice):
    with pytest.raises(SpecError) as raised:
        check(axes, line)
    assert advice in raised.value.message


@given(st.integers(2, 30), st.lists(st.integers(2, 30).map(str) | st.just("norm"), min_size=1, max_size=3))
def test_connections_in_the_advice_fit(width, inside):
    """For connections around plain layers, with and without another layer in front of them."""
    for axes, line in (((width,), "res({})"), ((5,), f"{width}-res({{}})")):
        try:
            check(axes, line.format("-".join(inside)))
        except SpecError as error:
            examples = re.findall(r"as in ([0-9a-z()-]+)", error.message)
            assert len(examples) == 2
            check((width,), examples[0])
            check(axes, examples[1])
