"""Compiled passes over windows give NumPy's bits, for special values too."""

import numpy as np
import pytest
from fitgap.core.kernels import selection
from fitgap.core.layers import Convolution, MaximumPooling
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers, LayerParameters
from hypothesis import given
from hypothesis import strategies as st
from support.core.kernel_values import assert_same_bits, drawn_values

AXES = st.one_of(
    st.tuples(st.integers(2, 9), st.integers(1, 9)), st.tuples(*[st.integers(2, 6)] * 2, st.integers(1, 9))
)
SETTINGS = st.tuples(st.integers(1, 3), st.integers(1, 3))


def buffers_of(layer, axes, dtype, seed):
    """Two members with three examples; values of all magnitudes and special values."""
    inputs = drawn_values((2, 3, int(np.prod(axes))), dtype, seed)
    sums = np.zeros((2, 3, int(np.prod(layer.output_shape(axes)))), dtype)
    blocks = [np.ones((2, block.outputs, block.inputs), dtype) for block in layer.blocks(axes)]
    parameters = LayerParameters(blocks, np.zeros((2, 1, 1), dtype))
    gradients = LayerParameters([np.zeros_like(block) for block in blocks], np.zeros((2, 1, 1), dtype))
    delta = drawn_values(sums.shape, dtype, seed + 1)
    return LayerBuffers(inputs, sums, parameters, backward=BackwardBuffers(delta, np.ones_like(inputs), gradients))


def computed(layer, axes, dtype, seed, choice, monkeypatch):
    """The outputs and the derivative with respect to the inputs."""
    buffers = buffers_of(layer, axes, dtype, seed)
    bound = layer.bind(axes, buffers)
    with monkeypatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(selection.kernels, "choice", choice)
        bound.compile()
        bound.forward()
        bound.backward()
    return buffers.sums, buffers.backward.before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(axes=AXES, settings=SETTINGS, seed=st.integers(0, 2**32), padding=st.sampled_from(["valid", "same", "pool"]))
def test_both_implementations_have_the_same_bits(dtype, axes, settings, seed, padding):
    if padding != "same" and min(axes[:-1]) < settings[0]:
        return
    layer = MaximumPooling(*settings) if padding == "pool" else Convolution(1, *settings, padding)
    with pytest.MonkeyPatch.context() as monkeypatch:
        by_numpy, compiled = (
            computed(layer, axes, dtype, seed, choice, monkeypatch) for choice in (selection.NUMPY, selection.COMPILED)
        )
    for one, other in zip(by_numpy, compiled, strict=True):
        assert_same_bits(one, other)


@pytest.mark.parametrize("choice", [selection.NUMPY, selection.COMPILED])
def test_of_equal_values_the_first_gets_the_derivative(choice, monkeypatch):
    layer, axes = MaximumPooling(2), (4, 2, 1)
    buffers = buffers_of(layer, axes, "float64", 1)
    buffers.inputs[...] = [1, 1, 1, 1, 0, 2, 2, 2]
    buffers.backward.delta[...] = [5, 7]
    bound = layer.bind(axes, buffers)
    monkeypatch.setattr(selection.kernels, "choice", choice)
    bound.compile()
    bound.forward()
    bound.backward()
    assert (buffers.sums == [1, 2]).all()
    assert (buffers.backward.before == [5, 0, 0, 0, 0, 7, 0, 0]).all()
